import MRIData

/// How distances between phase-encoding positions are measured.
public enum SamplingMetric: String, Sendable, Codable, CaseIterable {
  /// In steps of the grid, alike along both axes: the usual choice, it thins both axes equally.
  case index
  /// In fractions of the grid's extent, `k / kmax`: on 300x72 most of the thinning falls on the long axis.
  case extent

  /// Reads the word that a file has for it.
  public init(from decoder: any Decoder) throws { self = try .named(by: decoder) }

  /// The weights of a squared distance in which a disk of radius `r` covers `pi r^2` positions.
  func weights(for grid: GridExtent) -> MetricWeights {
    switch self {
    case .index: MetricWeights(y: 1, z: 1)
    case .extent:
      MetricWeights(
        y: Double(grid.partitions) / Double(grid.lines), z: Double(grid.lines) / Double(grid.partitions))
    }
  }
}
