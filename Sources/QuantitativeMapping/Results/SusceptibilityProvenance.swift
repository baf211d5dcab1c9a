import Files
import MRIData

/// What a susceptibility map was made from, with what, and what was assumed.
public struct SusceptibilityProvenance: Encodable {
  /// A file and its SHA-256.
  struct Input: Encodable {
    let path: String
    let sha256: String

    init(_ path: String) throws(FileError) {
      self.path = path
      sha256 = try SHA256.digest(ofFile: path)
    }
  }

  /// The susceptibility of a region.
  public struct Region: Encodable {
    let name: String
    /// Mean and standard deviation [ppm].
    let mean, standardDeviation: Double
    let voxels: Int

    /// Describes a region; mean and standard deviation in ppm.
    public init(name: String, mean: Double, standardDeviation: Double, voxels: Int) {
      self.name = name
      self.mean = mean
      self.standardDeviation = standardDeviation
      self.voxels = voxels
    }
  }

  let software = "KSpaceToolkit"
  let version = ToolkitVersion.text
  let command: [String]
  let inputs: [Input]
  /// The settings that were asked for by their names.
  let configuration: [String: String]
  /// The methods with all their parameters.
  public var methods: [MethodConfiguration]
  /// What was assumed, and what is to be doubted, one sentence each.
  public var assumptions: [String]
  /// The regions of an atlas; `nil` without one.
  public var regions: [Region]?
  let findings: SusceptibilityMaps.Findings

  init(
    _ result: SusceptibilityMaps, of maps: EchoMaps, by mapping: SusceptibilityMapping, isMasked: Bool,
    inputs: [Input],
    configuration: [String: String], command: [String]
  ) {
    self.command = command
    self.inputs = inputs
    self.configuration = configuration
    methods = mapping.configurations(after: maps.field?.stage, isMasked: isMasked)
    assumptions = maps.assumptions + result.assumptions + result.warnings
    findings = result.findings
  }
}
