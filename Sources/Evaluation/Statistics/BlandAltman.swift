/// How far two methods of measurement agree.
///
/// ```
/// bias     mean(d)                              d the differences, first minus second
/// limits   bias -+ z sd(d)                      z = 1.96: where 95 % of the differences lie
/// errors   sd / sqrt(n) of the bias;  sd sqrt(1/n + z^2 / (2 (n - 1))) of a limit
/// ```
///
/// Intervals are those errors times the quantile of Student's t with `n - 1` degrees of freedom.
///
/// - SeeAlso: J. M. Bland and D. G. Altman, "Measuring agreement in method comparison studies", Stat. Methods Med. Res.
///   8(2):135-160, 1999, doi:10.1177/096228029900800204.
public struct BlandAltman: Sendable, Equatable, Codable {
  /// The mean difference, first minus second.
  public let bias: Double
  /// The standard deviation of the differences.
  public let standardDeviation: Double
  /// The limit below which few differences lie.
  public let lowerLimit: Double
  /// The limit above which few differences lie.
  public let upperLimit: Double
  /// Where the bias of the population lies.
  public let biasInterval: ConfidenceInterval
  /// Where the lower limit of the population lies.
  public let lowerLimitInterval: ConfidenceInterval
  /// Where the upper limit of the population lies.
  public let upperLimitInterval: ConfidenceInterval
  /// The means of the pairs, for the plot.
  public let means: [Double]
  /// The differences of the pairs, for the plot.
  public let differences: [Double]

  /// Compares paired measurements.
  ///
  /// - Parameters:
  ///   - values: What one method measured.
  ///   - others: What the other measured of the same.
  ///   - agreement: The share of the differences that lies between the limits.
  ///   - level: The level of the intervals.
  /// - Throws: ``EvaluationError`` for fewer than two pairs or values that are not finite.
  /// - Precondition: There are as many of one as of the other.
  public init(
    _ values: [Double], _ others: [Double], agreement: Double = 0.95, level: Double = 0.95
  ) throws(EvaluationError) {
    let sample = try Sample(pairedDifferences(values, others), atLeast: 2, for: "A Bland-Altman analysis")
    let count = Double(values.count)
    let deviation = sample.standardDeviation
    let z = StandardNormal.halfWidth(holding: agreement)
    let t = StudentsT(degreesOfFreedom: values.count - 1).halfWidth(holding: level)
    let limitError = deviation * (1 / count + z * z / (2 * (count - 1))).squareRoot()
    bias = sample.mean
    standardDeviation = deviation
    lowerLimit = sample.mean - z * deviation
    upperLimit = sample.mean + z * deviation
    biasInterval = ConfidenceInterval(
      sample.mean, plusMinus: t * deviation / count.squareRoot(), level: level)
    lowerLimitInterval = ConfidenceInterval(lowerLimit, plusMinus: t * limitError, level: level)
    upperLimitInterval = ConfidenceInterval(upperLimit, plusMinus: t * limitError, level: level)
    means = zip(values, others).map { ($0 + $1) / 2 }
    differences = sample.values
  }
}
