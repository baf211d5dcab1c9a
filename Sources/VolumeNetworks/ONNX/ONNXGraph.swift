/// A network as a list of operators, each of which makes named values of named values.
public struct ONNXGraph: Sendable {
  /// What the graph is called.
  public var name = ""
  /// The operators, each after those whose results it takes.
  public var nodes: [ONNXNode] = []
  /// Values that come with the graph.
  public var constants: [String: ONNXTensor] = [:]
  /// Values that come from outside.
  public var inputs: [ONNXValue] = []
  /// The results.
  public var outputs: [ONNXValue] = []

  /// Creates a graph without operators.
  public init(name: String = "") { self.name = name }
}
