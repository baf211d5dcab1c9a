import ImageFiles
import MRIData
import PhaseUnwrapping
import QSM

/// What the user says of images of other tools, where headers and sidecars are silent or wrong.
public struct ImageReading: Sendable {
  /// The echo times [s]; those of the sidecars unless given.
  public var echoTimes: [Double]?
  /// The static field [T]; that of the sidecars unless given.
  public var fieldStrength: Double?
  /// The direction of the static field along the voxel axes, unit length; that of the sidecars unless given.
  public var fieldDirection: SIMD3<Double>?
  /// What stored phase means.
  public var phaseScale = PhaseScale.automatic
  /// The sign of the phase; as a sidecar states it, else positive, unless given.
  public var phaseSign: PhaseSign?
  /// The unit of a field that is given; that of its sidecar unless given.
  public var fieldUnit: ImageUnits?
  /// Whether every other echo was read out backwards; as the sidecars say unless set.
  public var isBipolar = false
  /// How the echoes give a field.
  public var fieldMapping: any FieldMapping = MDIFieldMapping()
  /// Whether R2* is fitted to the magnitudes (ARLO) where the way to the field yields one too.
  public var fitsR2Star = false
  /// Whether images are taken voxel by voxel wherever their headers say that they lie.
  public var ignoresAffine = false

  /// Says nothing: everything is taken from the files.
  public init() {}

  /// What was said, by the names that files of settings have.
  public var settings: [String: String] {
    let fit = (fieldMapping as? EchoPhaseField)?.fit
    let result = [
      "phase-scale": phaseScale.description, "phase-sign": phaseSign?.rawValue ?? "auto",
      "field": fit == nil ? "mdi" : "mcpc3ds", "fit-weights": fit?.weights.rawValue,
      "relaxation": fitsR2Star ? "arlo" : "mdi", "bipolar": isBipolar ? "true" : nil,
      "ignore-affine": ignoresAffine ? "true" : nil, "field-unit": fieldUnit?.rawValue,
      "echo-times": echoTimes.map { $0.map { "\($0)s" }.joined(separator: ",") },
      "field-strength": fieldStrength.map { "\($0)T" },
      "field-direction": fieldDirection.map { "\($0.x),\($0.y),\($0.z)" },
    ]
    return result.compactMapValues(\.self)
  }
}
