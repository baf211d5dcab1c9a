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

  /// The method that was chosen for a scan, and why.
  public struct Choice: Sendable {
    /// The reconstruction.
    public var reconstruction: any Reconstruction
    /// Its name.
    public var name: String
    /// What the user should know of the choice, one sentence each.
    public var account: [String]

    /// Names a choice.
    public init(_ reconstruction: any Reconstruction, name: String, account: [String] = []) {
      self.reconstruction = reconstruction
      self.name = name
      self.account = account
    }
  }

  /// What the user says where scans are silent or wrong.
  public var reading = ReadingOptions()
  /// Chooses the reconstruction, or says why there is none.
  public var reconstruction: @Sendable (ScanLayout, CombinationMethod) throws -> Choice
  /// How channels become one; what suits the scan unless given.
  public var combination: CombinationMethod?
  /// The way to susceptibility.
  public var mapping: @Sendable (EchoMaps) throws -> SusceptibilityMapping
  /// What goes back, as far as the scan tells it.
  public var series: Set<ResultSeries.Kind>
  /// The form of the voxels.
  public var values = Values.codes

  /// Creates a recipe.
  public init(
    series: Set<ResultSeries.Kind>,
    reconstruction: @escaping @Sendable (ScanLayout, CombinationMethod) throws -> Choice,
    mapping: @escaping @Sendable (EchoMaps) throws -> SusceptibilityMapping = { _ in SusceptibilityMapping() }
  ) {
    self.series = series
    self.reconstruction = reconstruction
    self.mapping = mapping
  }
}
