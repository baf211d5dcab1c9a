import Foundation
import KSpaceToolkit
import Yams

/// Options in a file, YAML or JSON, by their names on the command line.
///
/// ```yaml
/// background: sharp
/// mask-erosion: 2mm
/// echo-times: [3.3ms, 6.4ms]
/// intermediates: true
/// ```
struct QSMConfiguration {
  /// The same as arguments of the command line.
  let arguments: [String]

  /// Flags that are on unless they are turned off, and options that take several values.
  private static let defaultFlags = ["data-weights", "linear-blend"], fileLists = ["phase", "magnitude"]

  /// Reads a file.
  ///
  /// - Throws: ``InputError`` if it cannot be read, or is no table of plain values.
  init(at path: String) throws {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw InputError(path, "the configuration cannot be read", remedy: "Check the path")
    }
    if let problem = Self.excess(in: text) {
      throw InputError(path, problem, remedy: "Write one option per line, name: value")
    }
    let content: [String: Any]?
    do {
      content = try Yams.compose(yaml: text).flatMap(Self.table)
    } catch {
      let reason = "\(error)".split(separator: "\n").first.map(String.init) ?? ""
      throw InputError(
        path, "this is neither YAML nor JSON (\(reason))", remedy: "Write one option per line, name: value")
    }
    guard let table = content else {
      throw InputError(
        path, "there is no table of options", remedy: "Write one option per line, name: value")
    }
    arguments = try table.keys.sorted().flatMap { name -> [String] in
      if name == "config" || name == "output" || name == "dry-run" {
        throw InputError(path, "\(name) belongs on the command line", remedy: "Remove it from the file")
      }
      let label = name.replacing("_", with: "-"), option = "--" + label
      // A provenance file holds words only.
      if let flag = table[name] as? Bool ?? (table[name] as? String).flatMap(Bool.init) {
        return flag ? [option] : Self.defaultFlags.contains(label) ? ["--no-" + label] : []
      }
      switch table[name] {
      case let values as [Any] where Self.fileLists.contains(label): return [option] + values.map { "\($0)" }
      case let values as [Any]: return [option, values.map { "\($0)" }.joined(separator: ",")]
      case let value as String: return [option, value]
      case let value as any Numeric: return [option, "\(value)"]
      default:
        throw InputError(path, "\(name) has no plain value", remedy: "Write it as on the command line")
      }
    }
  }

  /// A table of values and lists of values; `nil` for anything else.
  ///
  /// Values are looked at before they are made: the parser's own tables end the process for keys that are lists.
  private static func table(_ node: Node) -> [String: Any]? {
    guard case .mapping(let mapping) = node else { return nil }
    var table: [String: Any] = [:]
    for (key, value) in mapping {
      guard case .scalar(let name) = key else { return nil }
      switch value {
      case .scalar: table[name.string] = value.any
      case .sequence(let sequence):
        let isFlat = sequence.allSatisfy { if case .scalar = $0 { true } else { false } }
        table[name.string] = isFlat ? Array(sequence).map(\.any) as Any : NSNull()
      default: table[name.string] = NSNull()
      }
    }
    return table
  }

  /// What a table of options does not need, and what would cost without bounds to read; `nil` if there is none.
  private static func excess(in text: String) -> String? {
    guard text.utf8.count <= 1 << 20 else { return "the configuration has more than a megabyte" }
    var quote: Character?, depth = 0, previous: Character = "\n", isComment = false
    for character in text {
      defer { previous = character }
      if character.isNewline { isComment = false }
      if isComment { continue }
      if let open = quote {
        if character == open { quote = nil }
        continue
      }
      let isStart = previous.isWhitespace || "[{,".contains(previous)
      switch character {
      case "\"", "'": if isStart || previous == ":" { quote = character }
      case "#": isComment = isStart
      case "*", "&": if isStart { return "anchors and aliases (&name, *name) are no options" }
      case "[", "{": depth += 1
      case "]", "}": depth -= 1
      default: break
      }
      if depth > 4 { return "brackets lie more than 4 deep within each other" }
    }
    return nil
  }

  /// The arguments with those of the command line after them, of which the last prevail.
  ///
  /// Lists of files would grow instead: those that the command line names replace the configuration's.
  func arguments(before typed: [String]) -> [String] {
    var kept: [String] = [], isReplaced = false
    for argument in arguments {
      if argument.hasPrefix("--") {
        isReplaced = Self.fileLists.contains(String(argument.dropFirst(2))) && typed.contains(argument)
      }
      if !isReplaced { kept.append(argument) }
    }
    return kept + Self.withoutConfig(typed)
  }

  /// The arguments of the command line without the one that names the file.
  static func withoutConfig(_ arguments: [String]) -> [String] {
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
