/// Why a scan cannot be reconstructed by parallel imaging: what is wrong, where, and what to do.
public enum ParallelImagingError: Error, Equatable, CustomStringConvertible {
  /// The centre of k-space is not fully sampled, and there are no calibration lines.
  case noCalibration

  /// One message for the user.
  public var description: String {
    switch self {
    case .noCalibration:
      "The scan has no calibration data: its centre of k-space is not fully sampled, and no lines are marked for "
        + "calibration. Measure calibration lines, or reconstruct with --method zero-filled."
    }
  }
}
