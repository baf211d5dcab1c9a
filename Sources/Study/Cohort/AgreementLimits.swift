import Evaluation

/// A Bland-Altman analysis without its points.
public struct AgreementLimits: Sendable, Equatable, Codable {
  /// The mean difference.
  public let bias: Double
  /// Where the mean difference of the population lies.
  public let biasInterval: ConfidenceInterval
  /// The limits between which 95 % of the differences lie.
  public let lowerLimit: Double, upperLimit: Double

  init(_ analysis: BlandAltman) {
    bias = analysis.bias
    biasInterval = analysis.biasInterval
    lowerLimit = analysis.lowerLimit
    upperLimit = analysis.upperLimit
  }
}
