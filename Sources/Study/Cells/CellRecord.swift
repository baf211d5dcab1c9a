import MRIData
import QSM
import QuantitativeMapping

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
  /// The scan time [s], from the counted positions and averages; `nil` where the repetition time or the number of
  /// excitations is unknown.
  public var scanTime: Double?
  /// The interval at which the field repeats [Hz].
  public var fieldPeriod: Double?
  /// How the images were moved onto the reference; `nil` if they were taken as they lie.
  public var motion: RigidMotion?
  /// What was assumed on the way, one sentence each.
  public var assumptions: [String]
}
