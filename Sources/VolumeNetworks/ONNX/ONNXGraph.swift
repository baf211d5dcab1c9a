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

/// A parameter of an operator.
public enum ONNXAttribute: Sendable, Equatable {
  /// A number.
  case float(Float)
  /// A whole number.
  case int(Int)
  /// A text.
  case text(String)
  /// An array.
  case tensor(ONNXTensor)
  /// Several numbers.
  case floats([Float])
  /// Several whole numbers.
  case ints([Int])
  /// Several texts.
  case texts([String])
  /// Something that no operator here takes, such as a graph.
  case other
}

/// The name, type and extents of a graph's input or output.
public struct ONNXValue: Sendable, Equatable {
  /// The name.
  public var name: String
  /// The extents; `nil` for one that may be any, and an absent list where nothing is known.
  public var shape: [Int?]?
  /// Names of extents that may be any, for those who read the file.
  public var extentNames: [String] = []
  /// Whether the elements are numbers of single precision.
  public var isFloat = true

  /// Creates a description.
  public init(_ name: String, shape: [Int?]?, extentNames: [String] = []) {
    self.name = name
    self.shape = shape
    self.extentNames = extentNames
  }
}

/// A constant array.
public struct ONNXTensor: Sendable, Equatable {
  /// The extent of every axis, slowest first; none for a single number.
  public var shape: [Int]
  /// The elements.
  public var values: Values

  /// Elements, the last axis running fastest.
  public enum Values: Sendable, Equatable {
    /// Numbers of single precision, or converted to it.
    case floats([Float])
    /// Whole numbers and truth values.
    case integers([Int])
  }

  /// Creates an array of numbers.
  public init(_ values: [Float], shape: [Int]) {
    self.shape = shape
    self.values = .floats(values)
  }

  /// Creates an array of whole numbers.
  public init(_ values: [Int], shape: [Int]) {
    self.shape = shape
    self.values = .integers(values)
  }

  /// The number of elements.
  public var count: Int {
    switch values {
    case .floats(let values): values.count
    case .integers(let values): values.count
    }
  }
}
