import ArgumentParser
import Foundation
import KSpaceToolkit

/// Options in a file, by their names on the command line.
struct QSMConfiguration {
  /// The same as arguments of the command line.
  let arguments: [String]

  /// Options that take several values.
  private static let fileLists = ["phase", "magnitude"]

  /// The names of the flags of `qsm` and of a server's sessions, those that turn another one off (`no-...`) among them.
  private static let flags: Set<String> = {
    struct Help: Decodable {
      struct Command: Decodable { let arguments: [Argument]? }
      struct Argument: Decodable {
        struct Name: Decodable { let name: String }
        let kind: String, names: [Name]?
      }
      let command: Command
    }
    let arguments = [MapSusceptibility._dumpHelp(), SessionArguments._dumpHelp()].flatMap { text in
      (try? JSONDecoder().decode(Help.self, from: Data(text.utf8)))?.command.arguments ?? []
    }
    return Set(arguments.filter { $0.kind == "flag" }.flatMap { ($0.names ?? []).map(\.name) })
  }()

  /// Reads a file.
  ///
  /// - Throws: ``InputError`` if it is no table of plain values, or holds what belongs on the command line.
  init(at path: String) throws(InputError) {
    let values = try SettingsFile(at: path).values
    for name in ["config", "output", "dry-run"] where values[name] != nil {
      throw InputError(path, "\(name) belongs on the command line", remedy: "Remove it from the file")
    }
    arguments = values.sorted { $0.key < $1.key }.flatMap { name, value -> [String] in
      // Words of options that are no flags mean themselves; so do those of names that nobody knows, which the parser refuses.
      if let flag = value.flag, Self.flags.contains(name) {
        return flag ? ["--\(name)"] : Self.flags.contains("no-\(name)") ? ["--no-\(name)"] : []
      }
      return Self.fileLists.contains(name)
        ? ["--\(name)"] + value.words : ["--\(name)=\(value.words.joined(separator: ","))"]
    }
  }

  /// What an option of the command line leaves nothing to do, as it names what these make or go through.
  private static let idle = [
    "mask": ["mask-method", "mask-fraction"], "total-field": ["unwrapping", "seeds"],
    "local-field": ["unwrapping", "seeds", "background", "background-radius"],
  ]

  /// The arguments with those of the command line after them, of which the last prevail.
  ///
  /// Lists of files would grow instead: those that the command line names replace the configuration's. Options that those
  /// of the command line make idle are left out.
  func arguments(before typed: [String]) -> [String] {
    func name(_ argument: String) -> String { String(argument.dropFirst(2).prefix { $0 != "=" }) }
    let given = Set(typed.filter { $0.hasPrefix("--") }.map(name))
    let idle = given.reduce(into: Set<String>()) { $0.formUnion(Self.idle[$1] ?? []) }
    var kept: [String] = [], isReplaced = false
    for argument in arguments {
      if argument.hasPrefix("--") {
        let name = name(argument)
        isReplaced = idle.contains(name) || (Self.fileLists.contains(name) && given.contains(name))
      }
      if !isReplaced { kept.append(argument) }
    }
    return kept + Self.withoutConfig(typed)
  }

  /// The arguments of the command line without the one that names the file.
  private static func withoutConfig(_ arguments: [String]) -> [String] {
    var result: [String] = [], skips = false
    for argument in arguments {
      if skips {
        skips = false
      } else if argument == "--config" {
        skips = true
      } else if !argument.hasPrefix("--config=") {
        result.append(argument)
      }
    }
    return result
  }
}
