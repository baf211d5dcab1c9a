import Files
import Foundation
import MRIData

/// What BIDS keeps beside an image: a JSON file with its acquisition parameters.
///
/// Units are those of BIDS: seconds, teslas, megahertz, degrees and millimetres.
public struct Sidecar: Sendable, Equatable, Codable {
  /// The echo time [s].
  public var echoTime: Double?
  /// The number of the echo, from 1.
  public var echoNumber: Int?
  /// The static field [T].
  public var magneticFieldStrength: Double?
  /// The Larmor frequency [MHz].
  public var imagingFrequency: Double?
  /// The repetition time of the excitation [s].
  public var repetitionTimeExcitation: Double?
  /// The flip angle [degrees].
  public var flipAngle: Double?
  /// `2D` or `3D`.
  public var acquisitionType: String?
  /// The kind of pulse sequence.
  public var pulseSequenceType: String?
  /// The unit of the voxels.
  public var units: ImageUnits?
  /// The acceleration along the first phase-encoding axis.
  public var parallelReductionFactorInPlane: Double?
  /// The acceleration along the second phase-encoding axis.
  public var parallelReductionFactorOutOfPlane: Double?
  /// The method of parallel imaging, such as `GRAPPA`.
  public var parallelAcquisitionTechnique: String?
  /// The method by which the receive channels were combined.
  public var coilCombinationMethod: String?
  /// The distance of neighbouring voxels along `x`, `y`, `z` [mm].
  public var acquisitionVoxelSize: [Double]?
  /// The time between two samples of the readout [s].
  public var dwellTime: Double?
  /// The direction of the static field along the voxel axes `x`, `y`, `z`.
  ///
  /// Susceptibility mapping takes it from here; QSMxT assumes `(0, 0, 1)` without it, whatever the affine says.
  public var fieldDirection: [Double]?
  /// The sign of the phase in the raw data; in the image, positive off-resonance always gives growing phase.
  public var phaseSign: PhaseSign?
  /// The make of the scanner.
  public var manufacturer: String?
  /// The model of the scanner.
  public var model: String?
  /// The name of the protocol.
  public var protocolName: String?
  /// Further keys, written as they are.
  public var extra: [String: JSONValue] = [:]

  private enum CodingKeys: String, CodingKey, CaseIterable {
    case echoTime = "EchoTime"
    case echoNumber = "EchoNumber"
    case magneticFieldStrength = "MagneticFieldStrength"
    case imagingFrequency = "ImagingFrequency"
    case repetitionTimeExcitation = "RepetitionTimeExcitation"
    case flipAngle = "FlipAngle"
    case acquisitionType = "MRAcquisitionType"
    case pulseSequenceType = "PulseSequenceType"
    case units = "Units"
    case parallelReductionFactorInPlane = "ParallelReductionFactorInPlane"
    case parallelReductionFactorOutOfPlane = "ParallelReductionFactorOutOfPlane"
    case parallelAcquisitionTechnique = "ParallelAcquisitionTechnique"
    case coilCombinationMethod = "CoilCombinationMethod"
    case acquisitionVoxelSize = "AcquisitionVoxelSize"
    case dwellTime = "DwellTime"
    case fieldDirection = "B0_dir"
    case phaseSign = "PhaseSign"
    case manufacturer = "Manufacturer"
    case model = "ManufacturersModelName"
    case protocolName = "ProtocolName"
  }

  /// Creates a sidecar that knows nothing.
  public init() {}

  /// Creates the sidecar of an image.
  ///
  /// - Parameters:
  ///   - parameters: What the scanner was told.
  ///   - geometry: Where the voxels lie.
  ///   - echo: The index of the echo, from 0; `nil` for what comes from all echoes.
  ///   - units: The unit of the voxels.
  public init(parameters: ScanParameters, geometry: Geometry, echo: Int? = nil, units: ImageUnits? = nil) {
    precondition(
      echo.map(parameters.echoTimes.indices.contains) ?? true,
      "echo \(echo ?? 0) of \(parameters.echoTimes.count)")
    // What nobody knows is NaN there, and absent here.
    echoTime = echo.map { parameters.echoTimes[$0] }.flatMap(\.finite)
    echoNumber = echo.map { $0 + 1 }
    magneticFieldStrength = parameters.fieldStrength.finite
    imagingFrequency = (parameters.imagingFrequency / 1e6).finite
    repetitionTimeExcitation = parameters.repetitionTime
    flipAngle = parameters.flipAngle.map { $0 * 180 / .pi }
    acquisitionType = geometry.matrix.z > 1 ? "3D" : "2D"
    self.units = units
    acquisitionVoxelSize = (0..<3).map { geometry.voxelSize[$0] * 1000 }
    dwellTime = parameters.dwellTime
    fieldDirection = (0..<3).map { geometry.fieldDirection[$0] }
    phaseSign = parameters.phaseSign
    manufacturer = parameters.manufacturer
    model = parameters.model
    protocolName = parameters.protocolName
  }
}

extension Double {
  /// The number, unless it is NaN or infinite.
  fileprivate var finite: Double? { isFinite ? self : nil }
}

extension Sidecar {
  /// Reads a sidecar; keys that have no property here become ``extra``.
  ///
  /// - Throws: ``FileError`` if the file is missing, or a key has a type or a value that BIDS does not give it.
  public init(at path: String) throws(FileError) {
    let all: [String: JSONValue] = try JSONFile.read(path)
    let known = all.filter { CodingKeys(rawValue: $0.key) != nil }
    for (key, value) in known.sorted(by: { $0.key < $1.key }) where !Self.holds(value, under: key) {
      throw .malformed(
        path: path,
        reason: "its key \(key) has the value \(value.text), which is none that BIDS or this toolkit gives it"
      )
    }
    self = try JSONFile.read(path)
    extra = all.filter { known[$0.key] == nil }
  }

  /// Whether a value can stand under one of the keys that have a property.
  private static func holds(_ value: JSONValue, under key: String) -> Bool {
    guard let data = try? JSONEncoder().encode([key: value]) else { return false }
    return (try? JSONFile.decode(Sidecar.self, from: data)) != nil
  }

  /// Writes the sidecar; ``extra`` keys do not replace those that have a property.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``, also if a number is not finite.
  public func write(to path: String) throws(FileError) {
    let known: [String: JSONValue]
    do {
      known = try JSONDecoder().decode([String: JSONValue].self, from: JSONEncoder().encode(self))
    } catch {
      throw .cannotWrite(path: path, reason: "a number is not finite")
    }
    try JSONFile.write(known.merging(extra) { known, _ in known }, to: path)
  }
}

extension JSONValue {
  /// The value in one line, as a file has it.
  fileprivate var text: String {
    let data = try? JSONEncoder().encode([self])
    return String(decoding: (data ?? Data()).dropFirst().dropLast().prefix(60), as: UTF8.self)
  }
}
