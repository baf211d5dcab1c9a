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

  /// Reads a file.
  ///
  /// - Throws: ``CommandError`` if it cannot be read, or is no table of plain values.
  init(at path: String) throws {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw CommandError(path, "the configuration cannot be read", remedy: "Check the path")
    }
    let content: Any?
    do {
      content = try Yams.load(yaml: text)
    } catch {
      let reason = "\(error)".split(separator: "\n").first.map(String.init) ?? ""
      throw CommandError(
        path, "this is neither YAML nor JSON (\(reason))", remedy: "Write one option per line, name: value")
    }
    guard let table = content as? [String: Any] else {
      throw CommandError(
        path, "there is no table of options", remedy: "Write one option per line, name: value")
    }
    arguments = try table.keys.sorted().flatMap { name -> [String] in
      if name == "config" || name == "output" || name == "dry-run" {
        throw CommandError(path, "\(name) belongs on the command line", remedy: "Remove it from the file")
      }
      let option = "--" + name.replacing("_", with: "-")
      switch table[name] {
      case let flag as Bool: return flag ? [option] : []
      case let values as [Any]: return [option, values.map { "\($0)" }.joined(separator: ",")]
      case let value as String: return [option, value]
      case let value as any Numeric: return [option, "\(value)"]
      default:
        throw CommandError(path, "\(name) has no plain value", remedy: "Write it as on the command line")
      }
    }
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
