import MRIData
import QuantitativeMapping
import RawData

/// What is made of a scan that comes, and what goes back.
public struct ScanRecipe: Sendable {
  /// The form of the voxels that go back.
  public enum Values: String, Sendable, CaseIterable {
    /// Whole numbers of 12 bits, as scanners take them.
    case codes = "integer"
    /// Real numbers as they were computed.
    case real = "float"
    /// Echoes as complex numbers, for scanners that go on with them; maps as whole numbers.
    case complex
  }

  /// What the user says where scans are silent or wrong.
  public var reading = ReadingOptions()
  /// Chooses the stages, or says why there are none.
  public var reconstruction: @Sendable (ScanLayout) throws -> ReconstructionChoice
  /// The way to susceptibility.
  public var mapping: @Sendable (EchoMaps) throws -> SusceptibilityMapping
  /// What goes back, as far as the scan tells it.
  public var series: Set<ResultSeries.Kind>
  /// The form of the voxels.
  public var values = Values.codes

  /// Creates a recipe of methods that are chosen for each scan.
  public init(
    series: Set<ResultSeries.Kind>,
    reconstruction: @escaping @Sendable (ScanLayout) throws -> ReconstructionChoice,
    mapping: @escaping @Sendable (EchoMaps) throws -> SusceptibilityMapping = { _ in SusceptibilityMapping() }
  ) {
    self.series = series
    self.reconstruction = reconstruction
    self.mapping = mapping
  }

  /// Creates a recipe of options.
  public init(
    series: Set<ResultSeries.Kind>, reconstruction: ReconstructionOptions,
    susceptibility: SusceptibilityOptions = .init()
  ) {
    self.init(series: series) {
      try reconstruction.choice(for: $0, of: "the scan")
    } mapping: {
      try susceptibility.mapping(for: $0)
    }
  }
}
