import Evaluation

/// How all regions of a cell together agree with the reference.
public struct PooledAgreement: Sendable, Equatable, Codable {
  /// The way of measuring.
  public let cell: StudyCell
  /// The correlation over all subjects and regions; their values are not independent, so that it has no p.
  public let r: Double?
  /// Bias and limits of agreement [ppm], cell minus reference.
  public let agreement: AgreementLimits?

  init(cell: StudyCell, values: [Double], reference: [Double]) {
    self.cell = cell
    r = (try? PearsonCorrelation(values, reference))?.r
    agreement = (try? BlandAltman(values, reference)).map(AgreementLimits.init)
  }
}
