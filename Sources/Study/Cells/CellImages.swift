import MRIData
import NDArrays
import QSM
import QuantitativeMapping

/// What one cell of a study yields: combined images, and maps where the echoes allow them.
public struct CellImages: Sendable {
  /// The magnitude of every echo, axes `[echo, z, y, x]`.
  public var magnitude: ImageVolumes<Float>
  /// The phase of every echo [rad], where a field map gives it a meaning.
  public var phase: ImageVolumes<Float>?
  /// The off-resonance [Hz], wrapped with a period of ``fieldPeriod``; `nil` for a single echo.
  public var field: ImageVolumes<Float>?
  /// The standard deviation of the field [Hz], where it is known.
  public var fieldNoise: ImageVolumes<Float>?
  /// R2* [1/s].
  public var r2Star: ImageVolumes<Float>?
  /// The susceptibility [ppm].
  public var susceptibility: ImageVolumes<Float>?
  /// The interval at which the field repeats [Hz].
  public var fieldPeriod: Double?

  /// Creates images without maps.
  public init(magnitude: ImageVolumes<Float>) { self.magnitude = magnitude }

  /// Takes what the echoes of a scan yielded, which has magnitudes.
  ///
  /// The phase of combined echoes means something only beside a field.
  init(_ maps: EchoMaps, susceptibility: ImageVolumes<Float>?) {
    guard let magnitude = maps.magnitude else { preconditionFailure("a cell without magnitudes") }
    self.magnitude = magnitude
    if let field = maps.field {
      phase = maps.phase
      self.field = field.values
      fieldNoise = field.noise
      fieldPeriod = field.period
    }
    r2Star = maps.r2Star
    self.susceptibility = susceptibility
  }

  /// What the echoes yielded, with the parameters of their scan.
  func maps(_ parameters: ScanParameters) -> EchoMaps {
    let field = field.map { values in
      FieldMap(values, noise: fieldNoise, stage: fieldPeriod.map { .wrapped(period: $0) } ?? .total)
    }
    return EchoMaps(
      magnitude: magnitude, phase: phase, field: field, r2Star: r2Star, parameters: parameters,
      geometry: magnitude.geometry)
  }

  /// Where there is signal in the first echo; in a volume, without what is as thin as the scalp.
  func object() throws(QSMError) -> NDArray<Bool> {
    let matrix = magnitude.geometry.matrix
    let isVolume = min(matrix.x, matrix.y, matrix.z) >= 8
    let method = isVolume ? MagnitudeMask() : MagnitudeMask(openingRadius: 0, closingRadius: 0)
    return try method(ImageVolumes(magnitude[0], geometry: magnitude.geometry))[0].map { $0 != 0 }
  }
}

/// What is known of a finished cell besides its images.
public struct CellRecord: Sendable, Equatable, Codable {
  /// All that the cell's images follow from; a cell with another recipe is made anew.
  public var recipe: CellRecipe
  /// The number of distinct `(ky, kz)` positions.
  public var positions: Int
  /// Full grid over acquired positions.
  public var gridAcceleration: Double
  /// The mask's fingerprint.
  public var maskChecksum: String
  /// The scan time [s], from the counted positions; `nil` where the repetition time is unknown.
  public var scanTime: Double?
  /// The interval at which the field repeats [Hz].
  public var fieldPeriod: Double?
  /// How the images were moved onto the reference; `nil` if they were taken as they lie.
  public var motion: RigidMotion?
  /// What was assumed on the way, one sentence each.
  public var assumptions: [String]
}

extension CellRecipe {
  /// How the recipe differs from another, in words; `nil` if it does not.
  func difference(from other: CellRecipe) -> String? {
    guard self != other else { return nil }
    if input != other.input { return "another scan (\(input.name))" }
    if software != other.software { return "version \(software)" }
    if let mask, let wanted = other.mask, mask != wanted {
      return mask.seed != wanted.seed ? "the seed \(mask.seed)" : "other masks"
    }
    if method != other.method { return "other parameters (\(method))" }
    if region != other.region { return "susceptibility within another mask" }
    if noise != other.noise { return "another reference (\(noise ?? "none"))" }
    if mapping.isEmpty != other.mapping.isEmpty {
      return mapping.isEmpty ? "no susceptibility" : "susceptibility"
    }
    return "other settings"
  }
}

/// All that a cell's images follow from.
public struct CellRecipe: Sendable, Equatable, Codable {
  /// The way of measuring and reconstructing.
  public var cell: StudyCell
  /// The raw file.
  public var input: StudyInput
  /// How the mask was made; `nil` for the scan's own.
  public var mask: MaskChoice?
  /// The reconstruction with its parameters.
  public var method: MethodConfiguration
  /// How channels became one.
  public var combination: MethodConfiguration
  /// How susceptibility follows from the field, stage by stage; empty without susceptibility.
  public var mapping: [MethodConfiguration]
  /// The cell whose noise weighs the field; `nil` without susceptibility.
  public var noise: String?
  /// Where susceptibility was mapped: the checksum of a mask, or which images' brain; `nil` without susceptibility.
  public var region: String?
  /// How the scan was brought onto the reference; `nil` for the reference itself.
  public var alignment: String?
  /// The program's version.
  public var software: String
}
