/// What a readout is for.
///
/// The standard names flags by 1-based bit numbers; these are the masks made from them, `1 << (number - 1)`.
public struct AcquisitionFlags: OptionSet, Sendable, Hashable {
  /// The bits as the file holds them.
  public let rawValue: UInt64

  /// Wraps the bits of a file.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The flag of a 1-based bit number.
  public init(number: Int) { rawValue = 1 << UInt64(number - 1) }

  /// The first readout along `ky`.
  public static let firstInLine = AcquisitionFlags(number: 1)
  /// The last readout along `ky`.
  public static let lastInLine = AcquisitionFlags(number: 2)
  /// The first readout along `kz`.
  public static let firstInPartition = AcquisitionFlags(number: 3)
  /// The last readout along `kz`.
  public static let lastInPartition = AcquisitionFlags(number: 4)
  /// The first readout of a slice.
  public static let firstInSlice = AcquisitionFlags(number: 7)
  /// The last readout of a slice.
  public static let lastInSlice = AcquisitionFlags(number: 8)
  /// The first readout of an echo.
  public static let firstInContrast = AcquisitionFlags(number: 9)
  /// The last readout of an echo.
  public static let lastInContrast = AcquisitionFlags(number: 10)
  /// Noise without signal.
  public static let isNoise = AcquisitionFlags(number: 19)
  /// For calibration only.
  public static let isCalibration = AcquisitionFlags(number: 20)
  /// For calibration and for the image.
  public static let isCalibrationAndImaging = AcquisitionFlags(number: 21)
  /// Sampled along `-kx`; stored in the order of time.
  public static let isReverse = AcquisitionFlags(number: 22)
  /// A navigator.
  public static let isNavigation = AcquisitionFlags(number: 23)
  /// For phase correction.
  public static let isPhaseCorrection = AcquisitionFlags(number: 24)
  /// Said to be the last of the measurement; some converters set it earlier.
  public static let lastInMeasurement = AcquisitionFlags(number: 25)
  /// For feedback to the scanner.
  public static let isHPFeedback = AcquisitionFlags(number: 26)
  /// A preparation pulse's readout.
  public static let isDummyScan = AcquisitionFlags(number: 27)
  /// For feedback in real time.
  public static let isRTFeedback = AcquisitionFlags(number: 28)
  /// Measured with the surface coil for a correction.
  public static let isSurfaceCoilCorrection = AcquisitionFlags(number: 29)
  /// A reference for phase stabilisation.
  public static let isPhaseStabilizationReference = AcquisitionFlags(number: 30)
  /// For phase stabilisation.
  public static let isPhaseStabilization = AcquisitionFlags(number: 31)
}
