/// The straight line through values, such as susceptibility over age.
///
/// ```
/// y = intercept + slope x        least squares; errors by Student's t with n - 2 degrees of freedom
/// ```
public struct LinearRegression: Sendable, Equatable, Codable {
  /// The change of `y` per unit of `x`.
  public let slope: Double
  /// The value at `x = 0`.
  public let intercept: Double
  /// The correlation of `x` and `y`.
  public let r: Double
  /// The probability of a slope at least as steep if there is none.
  public let p: Double
  /// Where the slope of the population lies.
  public let slopeInterval: ConfidenceInterval
  /// Where the intercept of the population lies.
  public let interceptInterval: ConfidenceInterval
  /// The number of points.
  public let count: Int

  /// Fits a line.
  ///
  /// - Throws: ``EvaluationError`` for fewer than three points, values that are not finite, or values that are all equal.
  /// - Precondition: There are as many `x` as `y`.
  public init(_ x: [Double], _ y: [Double], level: Double = 0.95) throws(EvaluationError) {
    precondition(x.count == y.count, "\(x.count) values are paired with \(y.count)")
    let name = "A regression"
    let abscissas = try Sample(x, atLeast: 3, for: name), ordinates = try Sample(y, atLeast: 3, for: name)
    try abscissas.requireVariation(for: name)
    try ordinates.requireVariation(for: name)
    let slope = abscissas.products(with: ordinates) / abscissas.squares
    let intercept = ordinates.mean - slope * abscissas.mean
    // Residuals one by one: their sum of squares from r would lose all digits where points lie on the line.
    let residuals = zip(x, y).reduce(0) {
      let residual = ($1.1 - ordinates.mean) - slope * ($1.0 - abscissas.mean)
      return $0 + residual * residual
    }
    let slopeError = (residuals / Double(x.count - 2) / abscissas.squares).squareRoot()
    let interceptError =
      slopeError * (abscissas.squares / Double(x.count) + abscissas.mean * abscissas.mean).squareRoot()
    let t = StudentsT(degreesOfFreedom: x.count - 2).halfWidth(holding: level)
    self.slope = slope
    self.intercept = intercept
    r = abscissas.correlation(with: ordinates)
    p = PearsonCorrelation.probability(of: r, count: x.count)
    slopeInterval = ConfidenceInterval(slope, plusMinus: t * slopeError, level: level)
    interceptInterval = ConfidenceInterval(intercept, plusMinus: t * interceptError, level: level)
    count = x.count
  }
}
