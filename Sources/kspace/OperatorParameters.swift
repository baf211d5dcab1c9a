import ArgumentParser
import KSpaceToolkit

/// What a scanner's operator may set: choices by name, and nothing that could name a file.
struct OperatorParameters: ParsableArguments {
  @Option var method: OrAutomatic<ReconstructionMethod>?
  @Option var combine: CombinationMethod?
  @Option var window: KSpaceWindow?
  @Option var series: SeriesList?
  @Option var values: ScanRecipe.Values?
  @Option var phaseSign: PhaseSign?
  @Option var maskMethod: MaskMethod?
  @Option var maskErosion: Length?
  @Option var background: BackgroundMethod?
  @Option var inversion: InversionMethod?

  /// The options by their ids, which have letters and digits only.
  static let options = [
    "method", "combine", "window", "series", "values", "phase-sign", "mask-method", "mask-erosion",
    "background",
    "inversion",
  ]

  /// The id by which a scanner sends an option.
  static func id(of option: String) -> String { option.replacing("-", with: "") }

  /// Takes parameters by their ids; those that nobody knows, and those without a value, change nothing.
  ///
  /// - Throws: ``InputError`` if a value is not possible.
  static func taking(_ parameters: [String: String]) throws -> OperatorParameters {
    var arguments: [String] = []
    for option in options {
      let known = parameters.first { $0.key.lowercased() == id(of: option) || $0.key == option }
      guard let (id, value) = known, !value.isEmpty, value != "default" else { continue }
      let argument = "--\(option)=\(value)"
      do {
        _ = try parse([argument])
      } catch {
        throw InputError(
          "parameter \(id)", "\(value.prefix(40)) is not possible",
          remedy: "Choose another value, or leave it out")
      }
      arguments.append(argument)
    }
    return try parse(arguments)
  }

  /// The arguments with what the operator chose.
  func applied(to arguments: SessionArguments) -> SessionArguments {
    var result = arguments
    result.stages.method = method ?? result.stages.method
    result.stages.combine = combine ?? result.stages.combine
    result.stages.window = window ?? result.stages.window
    result.series = series ?? result.series
    result.values = values ?? result.values
    result.reading.phaseSign = phaseSign ?? result.reading.phaseSign
    result.susceptibility.maskMethod = maskMethod ?? result.susceptibility.maskMethod
    result.susceptibility.maskErosion = maskErosion ?? result.susceptibility.maskErosion
    result.susceptibility.background = background ?? result.susceptibility.background
    result.susceptibility.inversion = inversion ?? result.susceptibility.inversion
    return result
  }
}
