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
