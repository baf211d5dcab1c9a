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
