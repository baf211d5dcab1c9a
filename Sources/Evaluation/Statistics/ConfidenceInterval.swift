import CSpecialFunctions

/// Student's t distribution.
struct StudentsT {
  let degreesOfFreedom: Double

  init(degreesOfFreedom: Int) {
    precondition(degreesOfFreedom > 0, "a t distribution of \(degreesOfFreedom) degrees of freedom")
    self.degreesOfFreedom = Double(degreesOfFreedom)
  }

  /// The probability of a value at least as far from zero, on either side.
  func twoSidedProbability(of t: Double) -> Double {
    t.isFinite ? min(1, 2 * kspace_students_t_upper_tail(abs(t), degreesOfFreedom)) : 0
  }

  /// The half width of the interval around zero that holds the given probability.
  func halfWidth(holding probability: Double) -> Double {
    requireLevel(probability)
    return kspace_students_t_quantile((1 + probability) / 2, degreesOfFreedom)
  }
}

/// The normal distribution of unit variance.
enum StandardNormal {
  /// The half width of the interval around zero that holds the given probability.
  static func halfWidth(holding probability: Double) -> Double {
    requireLevel(probability)
    return kspace_normal_quantile((1 + probability) / 2)
  }
}

private func requireLevel(_ level: Double) {
  precondition(level > 0 && level < 1, "an interval of level \(level)")
}

/// The values between which an estimated one lies with a stated probability, its level.
public struct ConfidenceInterval: Sendable, Equatable, Codable {
  /// The lower end.
  public let lower: Double
  /// The upper end.
  public let upper: Double
  /// The share of samples whose interval holds the true value, such as 0.95.
  public let level: Double

  init(_ estimate: Double, plusMinus halfWidth: Double, level: Double) {
    self.init(lower: estimate - halfWidth, upper: estimate + halfWidth, level: level)
  }

  init(lower: Double, upper: Double, level: Double) {
    self.lower = lower
    self.upper = upper
    self.level = level
  }

  /// Whether a value lies within the interval.
  public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }
}
