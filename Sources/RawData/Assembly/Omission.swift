/// Why a readout is not used.
public enum Omission: String, Sendable, Codable, CaseIterable {
  /// Measured to correct the phase of other readouts.
  case phaseCorrection = "phase correction"
  /// Measured to follow motion.
  case navigator = "navigator"
  /// Measured to steer the scanner.
  case feedback = "feedback"
  /// Measured while the magnetisation settled.
  case dummy = "dummy scan"
  /// Measured to correct the receive profile.
  case surfaceCoilCorrection = "surface coil correction"
  /// Measured to stabilise the phase.
  case phaseStabilization = "phase stabilisation"
  /// Without samples or without channels.
  case empty = "empty"
  /// Of another length than the other readouts of the scan.
  case otherLength = "other number of samples"
  /// Of an echo to which hardly any other readout belongs.
  case strayEcho = "stray echo"
  /// Of an average that was not chosen.
  case otherAverage = "other average"
  /// Of a segment that was not chosen.
  case otherSegment = "other segment"
  /// Of an encoding that was not chosen.
  case otherEncoding = "other encoding"
  /// Of a slice that was not chosen.
  case otherSlice = "other slice"
  /// Of a repetition that was not chosen.
  case otherRepetition = "other repetition"
  /// Of a set that was not chosen.
  case otherSet = "other set"
  /// Of a cardiac phase that was not chosen.
  case otherCardiacPhase = "other cardiac phase"
  /// Calibration that does not fit the image lines: another grid, other channels or a later echo.
  case unusableCalibration = "calibration that does not fit"

  /// Whether such readouts are lines of images, or calibrate them, but not of the volume that is read.
  var isOfOtherVolume: Bool {
    switch self {
    case .otherLength, .strayEcho, .otherAverage, .otherSegment, .otherEncoding, .otherSlice,
      .otherRepetition, .otherSet,
      .otherCardiacPhase:
      true
    case .phaseCorrection, .navigator, .feedback, .dummy, .surfaceCoilCorrection, .phaseStabilization, .empty,
      .unusableCalibration:
      false
    }
  }
}
