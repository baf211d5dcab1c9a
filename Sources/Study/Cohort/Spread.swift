/// Where the values of a group lie.
public struct Spread: Sendable, Equatable, Codable {
  /// The mean.
  public let mean: Double
  /// The standard deviation with `n - 1`; `nil` for one value.
  public let deviation: Double?
  /// The smallest value.
  public let minimum: Double
  /// The largest value.
  public let maximum: Double
  /// The number of values.
  public let count: Int

  /// Summarises values.
  ///
  /// - Precondition: There is one.
  public init(_ values: [Double]) {
    precondition(!values.isEmpty, "a spread of no values")
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil
    minimum = values.min() ?? mean
    maximum = values.max() ?? mean
    count = values.count
  }
}
