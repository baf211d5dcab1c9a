/// An operator of a graph.
public struct ONNXNode: Sendable {
  /// What the node is called; may be empty.
  public var name: String
  /// The operator.
  public var kind: String
  /// Whose operator it is; empty for those of ONNX.
  public var domain = ""
  /// The names of its operands; empty for one that is left out.
  public var inputs: [String]
  /// The names of its results; empty for one that nobody asks for.
  public var outputs: [String]
  /// Its parameters.
  public var attributes: [String: ONNXAttribute]

  /// Creates a node.
  public init(
    _ kind: String, _ inputs: [String], _ outputs: [String], name: String = "",
    attributes: [String: ONNXAttribute] = [:]
  ) {
    self.kind = kind
    self.inputs = inputs
    self.outputs = outputs
    self.name = name
    self.attributes = attributes
  }

  /// The node as messages name it.
  var title: String {
    "node \(name.isEmpty ? outputs.first { !$0.isEmpty } ?? "without a name" : name) (\(kind))"
  }
}
