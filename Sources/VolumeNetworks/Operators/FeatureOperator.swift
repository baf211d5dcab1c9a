/// A step of a network on arrays whose shapes are known.
protocol FeatureOperator: Sendable {
  /// The memory that it takes beside its operands and its result [bytes].
  var workBytes: Int { get }
  /// The number of products of weights and values that it sums, whatever the algorithm.
  var products: Double { get }
  /// Whether the result is made of the operand's own memory where nobody else needs it.
  var isInPlace: Bool { get }

  /// Computes the result; operands that nobody else needs may be overwritten.
  func callAsFunction(_ operands: inout [FeatureMap]) -> FeatureMap
}

extension FeatureOperator {
  var workBytes: Int { 0 }
  var products: Double { 0 }
  var isInPlace: Bool { false }
}
