/// Why a scan cannot be reconstructed by parallel imaging: what is wrong, where, and what to do.
public enum ParallelImagingError: Error, Equatable, CustomStringConvertible {
  /// The centre of k-space is not fully sampled, and there are no calibration lines.
  case noCalibration
  /// Lines are marked for calibration, but they do not cover the centre of k-space.
  case calibrationOffCentre(marked: Int)
  /// The calibration data extend over fewer positions than a kernel.
  case calibrationTooSmall(lines: Int, partitions: Int, kernel: String)
  /// The calibration data are zero, or nothing but noise.
  case calibrationWithoutSignal
  /// The calibration data hold NaN or infinities.
  case calibrationNotFinite
  /// Separate calibration data are of another field of view, or of other channels.
  case calibrationElsewhere

  /// One message for the user.
  public var description: String {
    switch self {
    case .noCalibration:
      "The scan has no calibration data: its centre of k-space is not fully sampled, and no lines are marked for "
        + "calibration. Measure calibration lines, or reconstruct with `method: zero-filled`."
    case .calibrationOffCentre(let marked):
      "The scan has \(marked) positions marked for calibration, but they hold no box around the centre of k-space. Check "
        + "the limits and counters of the calibration lines' encoding in the header, or reconstruct with "
        + "`method: zero-filled`."
    case .calibrationTooSmall(let lines, let partitions, let kernel):
      "The calibration data cover \(lines)x\(partitions) positions (ky x kz), too few for a kernel of \(kernel). "
        + "Measure a larger calibration region, or choose a smaller kernel."
    case .calibrationWithoutSignal:
      "The calibration data hold no signal. Check that the centre of k-space lies at the centre of the grid, and that "
        + "the lines marked for calibration are not a noise scan."
    case .calibrationNotFinite:
      "The calibration data hold numbers that are not finite. Look for NaN in the raw data."
    case .calibrationElsewhere:
      "The separate calibration scan has another field of view, a larger matrix or other channels than the scan. "
        + "Calibrate with a scan of the same place, or with the scan's own calibration lines."
    }
  }
}
