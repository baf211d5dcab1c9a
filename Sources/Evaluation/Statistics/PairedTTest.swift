/// Whether paired values differ on average.
///
/// ```
/// t = mean(d) sqrt(n) / sd(d)      d the differences, n - 1 degrees of freedom, two-sided p
/// ```
public struct PairedTTest: Sendable, Equatable, Codable {
  /// The mean difference in parts of its standard error.
  public let t: Double
  /// The number of pairs less one.
  public let degreesOfFreedom: Int
  /// The probability of a difference at least as large if there is none.
  public let p: Double
  /// The mean difference, first minus second.
  public let difference: Double
  /// Where the mean difference of the population lies.
  public let interval: ConfidenceInterval

  /// Compares paired values.
  ///
  /// - Throws: ``EvaluationError`` for fewer than two pairs, values that are not finite, or differences that are all
  ///   equal.
  /// - Precondition: There are as many of one as of the other.
  public init(_ values: [Double], _ others: [Double], level: Double = 0.95) throws(EvaluationError) {
    let name = "A paired t-test"
    let sample = try Sample(pairedDifferences(values, others), atLeast: 2, for: name)
    try sample.requireVariation(for: name)
    let error = sample.standardDeviation / Double(values.count).squareRoot()
    let distribution = StudentsT(degreesOfFreedom: values.count - 1)
    degreesOfFreedom = values.count - 1
    difference = sample.mean
    t = sample.mean / error
    p = distribution.twoSidedProbability(of: t)
    interval = ConfidenceInterval(
      sample.mean, plusMinus: error * distribution.halfWidth(holding: level), level: level)
  }
}

/// How far the mean of a group lies from that of a reference group, in percent of the latter.
///
/// ```
/// 100 (mean(values) - mean(reference)) / |mean(reference)|
/// ```
///
/// - Throws: ``EvaluationError`` if a group is empty or not finite, or if the reference's mean is zero.
public func percentDifference(
  of values: [Double], from reference: [Double]
) throws(EvaluationError) -> Double {
  let name = "A percent difference"
  let group = try Sample(values, atLeast: 1, for: name), other = try Sample(reference, atLeast: 1, for: name)
  guard other.mean != 0 else { throw .referenceWithoutContrast }
  return 100 * (group.mean - other.mean) / abs(other.mean)
}
