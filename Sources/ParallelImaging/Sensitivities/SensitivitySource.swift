import MRIData

/// Where the sensitivities of a reconstruction come from.
public enum SensitivitySource: Sendable {
  /// The scan's own calibration data.
  case estimated(ESPIRiT)
  /// Elsewhere, such as another scan of the same object in the same place.
  case given(CoilSensitivities)

  /// The sensitivities for a scan.
  ///
  /// - Precondition: Given sensitivities have the channels and the grid of the scan.
  func sensitivities(for scan: KSpace) throws(ParallelImagingError) -> CoilSensitivities {
    switch self {
    case .estimated(let method): return try method(scan)
    case .given(let sensitivities):
      precondition(
        sensitivities.maps.shape == Array(scan.samples.shape[1...]),
        "sensitivities of shape \(sensitivities.maps.shape) for samples of \(scan.samples.shape)")
      return sensitivities
    }
  }
}
