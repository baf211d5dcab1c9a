/// What one readout of a file is used for.
public enum ReadoutUse: Sendable, Hashable {
  /// Part of the image.
  case image
  /// Part of the image and of the calibration.
  case imageAndCalibration
  /// For calibration only.
  case calibration
  /// For the noise covariance.
  case noise
  /// Not used.
  case leftOut(Omission)

  /// Whether the readout is part of the image.
  public var isImage: Bool { self == .image || self == .imageAndCalibration }
  /// Whether the readout calibrates.
  public var isCalibration: Bool { self == .calibration || self == .imageAndCalibration }
}

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
}

extension AcquisitionHeader {
  /// What the flags alone say about the use.
  ///
  /// Some scanners set several flags at once, such as phase correction and navigator and feedback; the first
  /// reason to leave a readout out wins over any use.
  var flaggedUse: ReadoutUse {
    if flags.contains(.isNoise) { return .noise }
    if Int(sampleCount) <= Int(discardPre) + Int(discardPost) || activeChannels == 0 {
      return .leftOut(.empty)
    }
    let reasons: [(AcquisitionFlags, Omission)] = [
      (.isPhaseCorrection, .phaseCorrection), (.isNavigation, .navigator), (.isDummyScan, .dummy),
      (.isRTFeedback, .feedback), (.isHPFeedback, .feedback),
      (.isSurfaceCoilCorrection, .surfaceCoilCorrection),
      (.isPhaseStabilizationReference, .phaseStabilization), (.isPhaseStabilization, .phaseStabilization),
    ]
    if let reason = reasons.first(where: { flags.contains($0.0) }) { return .leftOut(reason.1) }
    if flags.contains(.isCalibrationAndImaging) { return .imageAndCalibration }
    return flags.contains(.isCalibration) ? .calibration : .image
  }
}
