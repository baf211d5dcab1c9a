import Foundation
import Yams

/// Settings in a file, YAML or JSON: names with plain values, or lists of them.
///
/// ```yaml
/// background: sharp
/// mask-erosion: 2mm
/// echo-times: [3.3ms, 6.4ms]
/// intermediates: true
/// ```
public struct SettingsFile: Sendable {
  /// The value of a setting: a word or number as it is written, or a list of such.
  ///
  /// YAML takes `010` for eight and `NO` for false; a label that is written so means itself.
  public struct Value: Sendable, Equatable {
    /// The words; one, unless they are a list.
    public let words: [String]
    /// Yes or no, for a setting that is one of these; `nil` where the word says neither.
    public var flag: Bool? {
      guard words.count == 1 else { return nil }
      return switch words[0].lowercased() {
      case "true", "yes", "on": true
      case "false", "no", "off": false
      default: nil
      }
    }
  }

  /// The values by their names, which have hyphens for underscores.
  public let values: [String: Value]

  /// Reads a file.
  ///
  /// - Throws: ``InputError`` if it cannot be read, or is no table of plain values.
  public init(at path: String) throws(InputError) {
    let remedy = "Write one option per line, name: value"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InputError(path, "the configuration cannot be read", remedy: "Check the path")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw InputError(path, "the configuration is not text in UTF-8", remedy: "Save it as UTF-8")
    }
    if let problem = Self.excess(in: text) { throw InputError(path, problem, remedy: remedy) }
    let content: [(String, Node)]?
    do {
      content = try Yams.compose(yaml: text).flatMap(Self.table)
    } catch {
      let reason = "\(error)".split(separator: "\n").first.map(String.init) ?? ""
      throw InputError(path, "this is neither YAML nor JSON (\(reason))", remedy: remedy)
    }
    guard let content else { throw InputError(path, "there is no table of options", remedy: remedy) }
    var values: [String: Value] = [:]
    for (name, node) in content {
      guard let value = Self.value(node) else {
        throw InputError(path, "\(name) has no plain value", remedy: "Write it as on the command line")
      }
      values[name.replacing("_", with: "-")] = value
    }
    self.values = values
  }

  /// A table by names; `nil` for anything else.
  ///
  /// Nodes are looked at before values are made: the parser's own tables end the process for keys that are lists.
  private static func table(_ node: Node) -> [(String, Node)]? {
    guard case .mapping(let mapping) = node else { return nil }
    var table: [(String, Node)] = []
    for (key, value) in mapping {
      guard case .scalar(let name) = key else { return nil }
      table.append((name.string, value))
    }
    return table
  }

  /// A plain value, or a list of such; `nil` for anything else.
  private static func value(_ node: Node) -> Value? {
    switch node {
    case .scalar: return word(node).map { Value(words: [$0]) }
    case .sequence(let nodes):
      let words = nodes.compactMap(word)
      return words.count == nodes.count ? Value(words: words) : nil
    default: return nil
    }
  }

  private static func word(_ node: Node) -> String? {
    guard case .scalar(let scalar) = node, !(node.any is NSNull) else { return nil }
    return scalar.string
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
}
