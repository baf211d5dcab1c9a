import MRIData
import NDArrays

/// What one cell of a study yields: combined magnitudes, and maps where the echoes allow them.
public struct CellImages: Sendable {
  /// The magnitude of every echo, axes `[echo, z, y, x]`.
  public var magnitude: ImageVolumes<Float>
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
  /// What was assumed on the way, one sentence each.
  public var assumptions: [String]
}

/// All that a cell's images follow from.
public struct CellRecipe: Sendable, Equatable, Codable {
  /// The way of measuring and reconstructing.
  public var cell: StudyCell
  /// The raw file.
  public var input: StudyInput
  /// How the mask was made; `nil` for the scan's own.
  public var mask: MaskChoice?
  /// The parameters of the maps, as their method describes them.
  public var maps: String
  /// The program's version.
  public var software: String
}
