import Files
import Foundation

extension RecipeRequest {
  /// Takes parameters from the JSON that follows the header: `{"parameters": {"config": "qsm", "method": "grappa"}}`.
  ///
  /// `customconfig`, or else `config`, names another configuration. Values are words, numbers or flags.
  ///
  /// - Returns: Whether the text was such JSON; any other text is a remark.
  mutating func take(json text: String) -> Bool {
    guard let object = try? JSONFile.decode([String: JSONValue].self, from: Data(text.utf8)),
      case .object(let values)? = object["parameters"]
    else { return false }
    parameters = values.compactMapValues(\.word)
    for id in ["config", "customconfig"] {
      guard let chosen = parameters.removeValue(forKey: id), !chosen.isEmpty else { continue }
      name = chosen
      self.text = nil
    }
    return true
  }
}

extension JSONValue {
  /// A plain value as text; `nil` for lists and the like.
  fileprivate var word: String? {
    switch self {
    case .string(let text): text
    case .bool(let value): value ? "true" : "false"
    case .number(let value): Int(exactly: value).map(String.init) ?? "\(value)"
    default: nil
    }
  }
}
