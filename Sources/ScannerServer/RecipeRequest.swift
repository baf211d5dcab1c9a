import MRIData
import QuantitativeMapping
import RawData

/// What a scanner asks for: the configuration that it names or sends, and its parameters.
public struct RecipeRequest: Sendable, Equatable {
  /// The name of the configuration; empty where none was sent.
  public var name = ""
  /// The text of a configuration that was sent instead of a name.
  public var text: String?
  /// The parameters that the operator set, by their ids.
  public var parameters: [String: String] = [:]

  /// Asks for nothing in particular.
  public init() {}
}
