import MRIData

/// What one readout of an MRD file says of itself: the 340-byte header, every field kept.
///
/// Lengths stay in millimetres and times in microseconds here, as the file holds them; ``KSpace`` is in SI units.
public struct AcquisitionHeader: Sendable, Equatable {
  /// The version of the header.
  public var version: UInt16 = 1
  /// What the readout is for.
  public var flags: AcquisitionFlags = []
  /// The measurement's identifier.
  public var measurementUID: UInt32 = 0
  /// The number of the readout in the scan, in the order of time.
  public var scanCounter: UInt32 = 0
  /// The time of the readout in the vendor's ticks.
  public var timeStamp: UInt32 = 0
  /// Physiological time stamps.
  public var physiologyTimeStamps = SIMD3<UInt32>()
  /// The number of samples per channel.
  public var sampleCount: UInt16 = 0
  /// The number of channels that the system has.
  public var availableChannels: UInt16 = 0
  /// The number of channels that the readout holds.
  public var activeChannels: UInt16 = 0
  /// One bit per available channel.
  public var channelMask = SIMD16<UInt64>()
  /// Samples to leave out at the start.
  public var discardPre: UInt16 = 0
  /// Samples to leave out at the end.
  public var discardPost: UInt16 = 0
  /// The sample at `kx = 0`, counted from the first stored one.
  public var centerSample: UInt16 = 0
  /// The index of the encoding in the XML header.
  public var encodingSpace: UInt16 = 0
  /// The number of trajectory coordinates per sample.
  public var trajectoryDimensions: UInt16 = 0
  /// The time between samples [us].
  public var sampleTime: Float = 0
  /// The centre of the excited volume [mm], LPS.
  public var position = SIMD3<Float>()
  /// The direction of the readout, LPS.
  public var readDirection = SIMD3<Float>()
  /// The direction of the first phase encoding, LPS.
  public var phaseDirection = SIMD3<Float>()
  /// The direction of the second phase encoding, or of the slices, LPS.
  public var sliceDirection = SIMD3<Float>()
  /// The position of the patient table [mm].
  public var tablePosition = SIMD3<Float>()
  /// Where the readout belongs.
  public var counters = EncodingCounters()
  /// Free integers.
  public var userIntegers = SIMD8<Int32>()
  /// Free numbers.
  public var userFloats = SIMD8<Float>()

  /// Creates a header with everything zero.
  public init() {}
}
