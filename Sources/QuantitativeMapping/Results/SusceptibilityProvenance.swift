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

  let software = "KSpaceToolkit"
  let version = ToolkitVersion.text
  let command: [String]
  let inputs: [Input]
  /// The settings that were asked for by their names.
  let configuration: [String: String]
  /// The methods with all their parameters.
  let methods: [MethodConfiguration]
  let assumptions: [String]
  let findings: SusceptibilityMaps.Findings

  init(
    _ result: SusceptibilityMaps, of maps: EchoMaps, by mapping: SusceptibilityMapping, inputs: [Input],
    configuration: [String: String], command: [String]
  ) {
    self.command = command
    self.inputs = inputs
    self.configuration = configuration
    methods = mapping.configurations
    assumptions = maps.assumptions + result.assumptions + result.warnings
    findings = result.findings
  }
}
