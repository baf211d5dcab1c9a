import MRIData

/// The encoding counters of one readout.
public struct EncodingCounters: Sendable, Hashable {
  /// The index along `ky`.
  public var line: UInt16 = 0
  /// The index along `kz`.
  public var partition: UInt16 = 0
  /// The average.
  public var average: UInt16 = 0
  /// The slice.
  public var slice: UInt16 = 0
  /// The echo.
  public var contrast: UInt16 = 0
  /// The cardiac phase.
  public var phase: UInt16 = 0
  /// The repetition.
  public var repetition: UInt16 = 0
  /// The set.
  public var set: UInt16 = 0
  /// The segment.
  public var segment: UInt16 = 0
  /// Free counters.
  public var user = SIMD8<UInt16>()

  /// Creates counters that are all zero.
  public init() {}
}
