import ParallelImaging

/// The ways to estimate sensitivities by name.
public enum SensitivityMethod: String, Sendable, Codable, CaseIterable {
  /// Eigenvectors of what neighbouring samples have in common.
  case espirit
  /// Eigenvectors of the local covariance of images of low resolution.
  case walsh
  /// Images of low resolution over their root sum of squares.
  case direct

  /// The estimation from the scan's own calibration data.
  ///
  /// - Parameter sets: How many sets ``espirit`` estimates; the others estimate one.
  public func source(sets: Int = 1) -> SensitivitySource {
    switch self {
    case .espirit: .estimated(ESPIRiT(sets: sets))
    case .walsh: .estimated(WalshMaps())
    case .direct: .estimated(DirectMaps())
    }
  }
}
