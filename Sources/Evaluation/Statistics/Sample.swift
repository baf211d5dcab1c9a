/// Values of which statistics are made, checked.
struct Sample {
  let values: [Double]
  let mean: Double
  /// `sum (x - mean)^2`.
  let squares: Double

  init(_ values: [Double], atLeast needed: Int, for statistic: String) throws(EvaluationError) {
    guard values.count >= needed else {
      throw .tooFewValues(count: values.count, needed: needed, statistic: statistic)
    }
    guard values.allSatisfy(\.isFinite) else { throw .valuesNotFinite(statistic: statistic) }
    self.values = values
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }

  /// Refuses values that are all equal; the mean of such values may be off by rounding, so that ``squares`` is no test.
  func requireVariation(for statistic: String) throws(EvaluationError) {
    guard values.contains(where: { $0 != values[0] }) else { throw .constantValues(statistic: statistic) }
  }

  /// The standard deviation that the sample tells of its population, with `n - 1`.
  var standardDeviation: Double { (squares / Double(values.count - 1)).squareRoot() }

  /// `sum (x - mean x) (y - mean y)`.
  func products(with other: Sample) -> Double {
    zip(values, other.values).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - other.mean) }
  }

  /// The correlation with other values, -1 to 1.
  func correlation(with other: Sample) -> Double {
    // Roots apart: the product of two sums of squares may leave the range of numbers.
    min(1, max(-1, products(with: other) / (squares.squareRoot() * other.squares.squareRoot())))
  }
}

/// The differences of paired values.
///
/// - Precondition: There are as many of one as of the other.
func pairedDifferences(_ values: [Double], _ others: [Double]) -> [Double] {
  precondition(values.count == others.count, "\(values.count) values are paired with \(others.count)")
  return zip(values, others).map { $0 - $1 }
}
