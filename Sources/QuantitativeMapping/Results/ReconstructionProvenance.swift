import Files
import MRIData
import RawData

/// What a run did and assumed, kept beside its results.
struct ReconstructionProvenance: Encodable {
  let software = "KSpaceToolkit"
  let version = ToolkitVersion.text
  let command: [String]
  let input: String
  let method: String
  let combination: String
  /// The grid of the samples as read, `x` first.
  let matrix: String
  let channels: Int
  /// The echo times [s]; `nil` where they are unknown.
  let echoTimes: [Double?]
  /// The sign of the phase in the source; images always have phase `+2 pi f TE`.
  let phaseSign: PhaseSign
  /// The readout direction of each echo.
  let polarities: [ReadoutPolarity]
  /// Whether the channels were decorrelated by a noise scan.
  let isWhitened: Bool
  /// The acceleration of each echo: full grid over acquired positions.
  let accelerations: [Double?]
  let assumptions: [String]
  /// What the reconstruction measured of itself.
  let diagnostics: [Diagnostic]
  let findings: [Finding]
  /// The methods with all their parameters.
  let methods: [MethodConfiguration]

  init(
    _ stack: SliceStack, layout: ScanLayout, input: String, method: String, combination: CombinationMethod,
    configurations: [MethodConfiguration], assumptions: [String], diagnostics: [Diagnostic], command: [String]
  ) {
    self.command = command
    methods = configurations
    self.input = input
    self.method = method
    self.combination = combination.rawValue
    let scan = stack.slices[0]
    matrix = scan.geometry.matrix.description
    channels = scan.channels
    echoTimes = scan.parameters.echoTimes.map { $0.isFinite ? $0 : nil }
    phaseSign = scan.parameters.phaseSign
    polarities = scan.parameters.polarities
    isWhitened = scan.noise.standardDeviation != nil
    accelerations = scan.masks.map { $0.acceleration() }
    self.assumptions = assumptions
    self.diagnostics = diagnostics
    findings = layout.findings
  }
}
