import Evaluation

/// How the values of one region in one cell agree with those of the reference, subject by subject.
public struct RegionAgreement: Sendable, Equatable, Codable {
  /// The region.
  public let region: String
  /// The way of measuring.
  public let cell: StudyCell
  /// The difference of the groups' means in percent of the reference's; `nil` where that is zero.
  public let percentDifference: Double?
  /// The correlation; `nil` where values do not differ between subjects.
  public let correlation: PearsonCorrelation?
  /// Whether the groups differ; `nil` where all differences are equal.
  public let test: PairedTTest?
  /// The test's p, corrected by Holm's method for all regions and cells.
  public internal(set) var correctedP: Double?
  /// Bias and limits of agreement [ppm], cell minus reference.
  public let agreement: AgreementLimits?

  init(region: String, cell: StudyCell, values: [Double], reference: [Double]) {
    self.region = region
    self.cell = cell
    percentDifference = try? Evaluation.percentDifference(of: values, from: reference)
    correlation = try? PearsonCorrelation(values, reference)
    test = try? PairedTTest(values, reference)
    agreement = (try? BlandAltman(values, reference)).map(AgreementLimits.init)
  }

  /// Whether the region came through: correlation and group difference are within the aims.
  public func meets(_ aims: CohortAims) -> Bool {
    guard let r = correlation?.r, let percentDifference else { return false }
    return r >= aims.correlation && abs(percentDifference) <= aims.percentDifference
  }
}
