/// What the scanner was told to do, in SI units.
public struct ScanParameters: Sendable, Equatable {
  /// The echo times [s], one per echo.
  public var echoTimes: [Double]
  /// The readout direction of each echo.
  public var polarities: [ReadoutPolarity]
  /// The repetition time [s].
  public var repetitionTime: Double?
  /// The flip angle [rad].
  public var flipAngle: Double?
  /// The static field [T].
  public var fieldStrength: Double
  /// The Larmor frequency of protons [Hz].
  public var imagingFrequency: Double
  /// The time between two samples of the readout as stored [s].
  public var dwellTime: Double?
  /// The sign of the phase in the source.
  public var phaseSign: PhaseSign
  /// The name of the protocol.
  public var protocolName: String?
  /// The make of the scanner.
  public var manufacturer: String?
  /// The model of the scanner.
  public var model: String?
  /// How the patient lay, such as `HFS`.
  public var patientPosition: String?

  /// The gyromagnetic ratio of protons divided by `2 pi` [Hz/T] (CODATA 2018).
  public static let protonGyromagneticRatio = 42.577478518e6

  /// Creates parameters; polarities are all forward unless given.
  public init(
    echoTimes: [Double], fieldStrength: Double, imagingFrequency: Double? = nil,
    polarities: [ReadoutPolarity]? = nil, repetitionTime: Double? = nil, flipAngle: Double? = nil,
    dwellTime: Double? = nil, phaseSign: PhaseSign = .positive, protocolName: String? = nil,
    manufacturer: String? = nil, model: String? = nil, patientPosition: String? = nil
  ) {
    self.echoTimes = echoTimes
    self.fieldStrength = fieldStrength
    self.imagingFrequency = imagingFrequency ?? fieldStrength * Self.protonGyromagneticRatio
    self.polarities = polarities ?? Array(repeating: .forward, count: echoTimes.count)
    self.repetitionTime = repetitionTime
    self.flipAngle = flipAngle
    self.dwellTime = dwellTime
    self.phaseSign = phaseSign
    self.protocolName = protocolName
    self.manufacturer = manufacturer
    self.model = model
    self.patientPosition = patientPosition
  }
}

/// The direction in which an echo was read out.
public enum ReadoutPolarity: String, Sendable, Codable {
  /// Along `+kx`.
  case forward
  /// Along `-kx`; the samples have been reversed when they were sorted.
  case reversed
}
