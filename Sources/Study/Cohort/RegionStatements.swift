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

/// How the values of one region in one cell follow the subjects' ages.
public struct RegionAging: Sendable, Equatable, Codable {
  /// The region.
  public let region: String
  /// The way of measuring.
  public let cell: StudyCell
  /// The mean over subjects [ppm].
  public let mean: Double
  /// The standard deviation over subjects [ppm].
  public let deviation: Double?
  /// The line through susceptibility [ppm] over age [years]; `nil` where one of them does not vary.
  public let regression: LinearRegression?
  /// The regression's p, corrected by Holm's method for all regions of the cell.
  public internal(set) var correctedP: Double?

  init(region: String, cell: StudyCell, values: [Double], ages: [Double]) {
    self.region = region
    self.cell = cell
    let spread = Spread(values)
    mean = spread.mean
    deviation = spread.deviation
    regression = try? LinearRegression(ages, values)
  }
}

/// How far the values of one region in one cell are from the truth, where it is known.
public struct RegionTruth: Sendable, Equatable, Codable {
  /// The region.
  public let region: String
  /// The way of measuring.
  public let cell: StudyCell
  /// The mean of the truth over subjects [ppm].
  public let mean: Double
  /// The mean error [ppm].
  public let bias: Double
  /// The root of the mean squared error [ppm].
  public let rootMeanSquare: Double
  /// The correlation with the truth.
  public let r: Double?

  init(region: String, cell: StudyCell, values: [Double], truth: [Double]) {
    self.region = region
    self.cell = cell
    let errors = zip(values, truth).map { $0 - $1 }
    mean = Spread(truth).mean
    bias = Spread(errors).mean
    rootMeanSquare = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
    r = (try? PearsonCorrelation(values, truth))?.r
  }
}
