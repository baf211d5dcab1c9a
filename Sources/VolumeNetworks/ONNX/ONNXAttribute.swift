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
