import ArgumentParser
import Foundation
import KSpaceToolkit

/// How images are made of a scan and become one: the stages that every command with a single scan offers.
struct ReconstructionArguments: ParsableArguments {
  @Option(
    help: "How per-channel images are made; auto is zero-filled for scans without gaps, else l1-sense.")
  var method: MethodChoice = .auto

  @Option(help: "\(KSpaceWindow.help)")
  var window: KSpaceWindow?

  @Option(help: "How channels are combined; mdi, or adaptive where echo times do not allow a field map.")
  var combine: CombinationMethod?

  @OptionGroup(title: "The network, for reconnet and reconnet-sense") var network: NetworkArguments
  @OptionGroup(title: "Sensitivities, for sense, l1-sense and reconnet-sense") var calibration:
    SensitivityArguments

  func validate() throws { try network.check(method.named.map { [$0] } ?? []) }

  /// The stages that were chosen for a scan, and why.
  struct Choice {
    let method: ReconstructionMethod
    let pipeline: Pipeline<CombinationMethod>
    /// Why, where it was left to the scan.
    let account: [String]
    /// What the user should know of the images that will be made.
    let warnings: [String]
    /// What will be done, and what it needs.
    let plan: String
  }

  /// Chooses for a scan, and refuses one that the stages or the machine cannot deal with.
  ///
  /// - Throws: ``CoilCombinationError``, ``InputError``, `ReconNetError`.
  func choice(
    for layout: ScanLayout, of path: String, combining given: CombinationMethod? = nil,
    _ partialFourier: PartialFourierFilling = .zeroFilled
  ) throws -> Choice {
    let suitable = layout.suitableMethod, size = layout.size
    let named = try method.named ?? suitable.reconstruction(of: path)
    let combination = given ?? combine ?? CombinationMethod(suiting: layout.parameters)
    try combination.check(layout.parameters)
    let pipeline = Pipeline(
      try named.method(calibration.source, network, window, partialFourier), then: combination)
    let needs = pipeline.needs(for: size)
    try MachineMemory.check(
      needs.memory, for: "the reconstruction", at: path,
      remedy: "Read one slice or repetition at a time, check --matrix, or use a larger machine")
    let warnings = layout.warnings(
      zeroFilling: named == .zeroFilled, completingMagnitudes: partialFourier == .pocs, then: combination)
    return Choice(
      method: named, pipeline: pipeline,
      account: method == .auto ? ["--method auto is \(named.rawValue), as \(suitable.reason)."] : [],
      warnings: warnings.map(OptionNames.translated),
      plan: "\(size.words): \(named.rawValue), then \(combination.rawValue); \(needs.words)")
  }
}

extension ScanSize {
  /// The size in a sentence.
  var words: String {
    "\(counted(channels, "channel")), \(counted(echoes, "echo")), \(prescribed) voxels"
      + (slices > 1 ? " in each of \(slices) slices" : "")
  }
}

extension MethodNeeds {
  /// The needs in a sentence.
  var words: String {
    String(format: "about %.2f GB of memory and %.0f s of one core", memory / 1e9, max(1, seconds))
      + ", on \(counted(Parallelism.threads, "thread"))."
  }
}

extension KSpaceWindow: ExpressibleByArgument {
  /// What the option says of itself.
  static let help = """
    Weigh k-space before it becomes images: voxel-mean (values are means over voxels, edges ring less) or tukey; nothing \
    unless given.
    """
}

extension CombinationMethod: ExpressibleByArgument {}
