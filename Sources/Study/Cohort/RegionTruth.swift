import Evaluation

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
