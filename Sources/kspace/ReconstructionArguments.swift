import ArgumentParser
import KSpaceToolkit

/// How images are made of a scan and become one: the stages that every command with a single scan offers.
struct ReconstructionArguments: ParsableArguments {
  @Option(
    help: "How per-channel images are made; auto is zero-filled for scans without gaps, else l1-sense.")
  var method = OrAutomatic<ReconstructionMethod>()

  @Option(help: "\(KSpaceWindow.help)")
  var window: KSpaceWindow?

  @Option(help: "How channels are combined; mdi, or adaptive where echo times do not allow a field map.")
  var combine: CombinationMethod?

  @OptionGroup(title: "The network, for reconnet and reconnet-sense") var network: NetworkArguments
  @OptionGroup(title: "Sensitivities, for sense, l1-sense and reconnet-sense") var calibration:
    SensitivityArguments

  func validate() throws { try usage { try options.check() } }

  /// The choices as the library takes them.
  var options: ReconstructionOptions {
    var options = network.options
    (options.method, options.window, options.combination) = (method.choice, window, combine)
    (options.sensitivities, options.mapSets) = (calibration.sensitivities, calibration.mapSets)
    return options
  }
}

/// The network of `reconnet` or `reconnet-sense`: its weights, and the channels that it sees.
struct NetworkArguments: ParsableArguments {
  @Option(
    help:
      "For reconnet and reconnet-sense: a safetensors file of trained weights (default: the bundled ones).")
  var weights: String?

  @Option(
    help:
      "For reconnet: reconstruct so many virtual channels, which gather the signal of all receive channels.")
  var virtualChannels: Int?

  /// The choices as the library takes them.
  var options: ReconstructionOptions {
    var options = ReconstructionOptions()
    (options.weights, options.virtualChannels) = (weights, virtualChannels)
    return options
  }
}

/// Options of reconstructions that use sensitivities.
struct SensitivityArguments: ParsableArguments {
  @Option(help: "How sensitivities are estimated from the calibration data.")
  var sensitivities: SensitivityMethod = .espirit

  @Option(
    help: ArgumentHelp(
      "How many sets of sensitivities espirit estimates: 2 where tissue folds within the field of view.",
      valueName: "1|2"))
  var mapSets = 1
}

extension KSpaceWindow: ExpressibleByArgument {
  /// What the option says of itself.
  static let help = """
    Weigh k-space before it becomes images: voxel-mean (values are means over voxels, edges ring less) or tukey; nothing \
    unless given.
    """
}

extension CombinationMethod: ExpressibleByArgument {}
extension PartialFourierFilling: ExpressibleByArgument {}
extension ReconstructionMethod: ExpressibleByArgument {}
extension SensitivityMethod: ExpressibleByArgument {}
