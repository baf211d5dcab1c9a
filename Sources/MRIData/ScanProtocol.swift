/// What a protocol prescribes, as far as image quality and acquisition time depend on it; SI units.
public struct ScanProtocol: Sendable, Equatable {
  /// The name of the protocol.
  public var name: String
  /// The static field [T].
  public var fieldStrength: Double
  /// The repetition time [s].
  public var repetitionTime: Double
  /// The echo times [s]; all echoes are read in one repetition.
  public var echoTimes: [Double]
  /// The flip angle [rad], where it is known.
  public var flipAngle: Double?
  /// The encoded grid.
  public var matrix: Extents
  /// The voxel size along `x`, `y`, `z` [m].
  public var voxelSize: SIMD3<Double>
  /// How often each position is acquired.
  public var averages: Int
  /// Repetitions without readout before the first position.
  public var dummyRepetitions: Int
  /// Repetitions without excitation that measure the noise.
  public var noiseRepetitions: Int
  /// A separate scan that calibrates parallel imaging.
  public var reference: ReferenceScan?

  /// A separate scan that calibrates parallel imaging.
  public struct ReferenceScan: Sendable, Equatable {
    /// The number of repetitions.
    public var repetitions: Int
    /// Its repetition time [s].
    public var repetitionTime: Double

    /// Creates a reference scan.
    public init(repetitions: Int, repetitionTime: Double) {
      self.repetitions = repetitions
      self.repetitionTime = repetitionTime
    }

    /// How long it takes [s].
    public var duration: Double { Double(repetitions) * repetitionTime }
  }

  /// Creates a protocol.
  public init(
    name: String, fieldStrength: Double, repetitionTime: Double, echoTimes: [Double],
    flipAngle: Double? = nil, matrix: Extents, voxelSize: SIMD3<Double>, averages: Int = 1,
    dummyRepetitions: Int = 0, noiseRepetitions: Int = 0, reference: ReferenceScan? = nil
  ) {
    self.name = name
    self.fieldStrength = fieldStrength
    self.repetitionTime = repetitionTime
    self.echoTimes = echoTimes
    self.flipAngle = flipAngle
    self.matrix = matrix
    self.voxelSize = voxelSize
    self.averages = averages
    self.dummyRepetitions = dummyRepetitions
    self.noiseRepetitions = noiseRepetitions
    self.reference = reference
  }
}
