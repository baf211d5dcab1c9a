import Evaluation

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
