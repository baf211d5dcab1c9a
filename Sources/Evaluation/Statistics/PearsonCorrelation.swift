import Foundation

/// How well two sets of values lie on a line.
///
/// ```
/// r = sum (x - mean x) (y - mean y) / sqrt(sum (x - mean x)^2 sum (y - mean y)^2)
/// t = r sqrt((n - 2) / (1 - r^2))                 n - 2 degrees of freedom, two-sided p
/// interval = tanh(atanh r -+ z / sqrt(n - 3))     Fisher's transformation
/// ```
public struct PearsonCorrelation: Sendable, Equatable, Codable {
  /// The correlation, -1 to 1.
  public let r: Double
  /// The probability of a correlation at least as strong if there is none.
  public let p: Double
  /// Where the correlation of the population lies.
  public let interval: ConfidenceInterval
  /// The number of pairs.
  public let count: Int

  /// Correlates paired values.
  ///
  /// - Throws: ``EvaluationError`` for fewer than three pairs, values that are not finite, or values that are all equal.
  /// - Precondition: There are as many of one as of the other.
  public init(_ x: [Double], _ y: [Double], level: Double = 0.95) throws(EvaluationError) {
    precondition(x.count == y.count, "\(x.count) values are paired with \(y.count)")
    let name = "A correlation"
    let first = try Sample(x, atLeast: 3, for: name), second = try Sample(y, atLeast: 3, for: name)
    try first.requireVariation(for: name)
    try second.requireVariation(for: name)
    count = x.count
    r = first.correlation(with: second)
    p = Self.probability(of: r, count: count)
    // Of three pairs nothing is known: the interval is everything.
    let halfWidth =
      count > 3 ? StandardNormal.halfWidth(holding: level) / Double(count - 3).squareRoot() : .infinity
    let isExact = abs(r) == 1
    interval = ConfidenceInterval(
      lower: isExact ? r : tanh(atanh(r) - halfWidth), upper: isExact ? r : tanh(atanh(r) + halfWidth),
      level: level)
  }

  static func probability(of r: Double, count: Int) -> Double {
    let freedom = count - 2
    return StudentsT(degreesOfFreedom: freedom)
      .twoSidedProbability(of: r * (Double(freedom) / ((1 - r) * (1 + r))).squareRoot())
  }
}
