import ArgumentParser
import Foundation
import KSpaceToolkit
import Synchronization

/// The per-channel reconstructions that the command offers.
enum ReconstructionMethod: String, ExpressibleByArgument, CaseIterable {
  /// The inverse Fourier transform of what was sampled.
  case zeroFilled = "zero-filled"
  /// Iterative SENSE with ESPIRiT's sensitivities.
  case sense
  /// The same with a preference for few wavelets.
  case l1SENSE = "l1-sense"
  /// Missing samples predicted from their neighbours.
  case grappa
  /// Missing samples that are consistent with all their neighbours.
  case spirit
  /// The same with a preference for few wavelets.
  case l1SPIRiT = "l1-spirit"
  /// A cascaded network with data consistency, one channel at a time.
  case reconNet = "reconnet"
  /// Its blocks on the image of all channels, with SENSE's data consistency.
  case reconNetSENSE = "reconnet-sense"

  /// The reconstruction, with sensitivities from a source where it needs some, or a network, and its window.
  ///
  /// - Throws: `ReconNetError` if the network's weights cannot be used.
  func method(
    _ sensitivities: SensitivitySource, _ network: NetworkArguments, _ window: KSpaceWindow?,
    _ partialFourier: PartialFourierFilling = .zeroFilled
  ) throws -> any Reconstruction {
    var method = try method(sensitivities, network)
    if partialFourier == .pocs { method = PartialFourierMagnitude(method) }
    return window.map { WindowedReconstruction(method, by: $0) } ?? method
  }

  private func method(
    _ sensitivities: SensitivitySource, _ network: NetworkArguments
  ) throws -> any Reconstruction {
    switch self {
    case .zeroFilled: ZeroFilled()
    case .sense: SENSE(calibration: sensitivities)
    case .l1SENSE: L1WaveletSENSE(calibration: sensitivities)
    case .grappa: GRAPPA()
    case .spirit: SPIRiT()
    case .l1SPIRiT: L1WaveletSPIRiT()
    case .reconNet: try network.reconstruction()
    case .reconNetSENSE: try network.reconstruction(sensitivities)
    }
  }

  /// The label of the BIDS entity `rec`.
  var label: String { rawValue.filter { $0 != "-" } }
}

/// What becomes of the part of k-space that partial Fourier scans leave out.
enum PartialFourierFilling: String, ExpressibleByArgument, CaseIterable {
  /// It stays zero.
  case zeroFilled = "zero-filled"
  /// Magnitudes are completed by projections; phases stay.
  case pocs
}

/// `kspace reconstruct`: raw k-space to images and field map.
struct Reconstruct: LongCommand {
  static let configuration = CommandConfiguration(
    abstract: "Reconstructs per-channel images from raw k-space and combines them.",
    discussion: """
      Writes a BIDS derivative data set: magnitude and phase of every combined echo, and with MDI the wrapped \
      field map [Hz], its noise and R2* [1/s]; a JSON sidecar for each, PNG previews in figures/, and a record \
      of all that was assumed in provenance.json. Run `kspace info RAW` first: it says what will be assumed. For example:

        kspace reconstruct scan.h5 -o images
        kspace reconstruct scan.h5 -o images --method grappa --window voxel-mean
        cat scan.mrd | kspace reconstruct - -o images --channels
      """)

  @Argument(help: "The raw file: MRD as HDF5 or as a stream, or - for a stream on standard input.")
  var raw: String

  @Option(name: .shortAndLong, help: "The folder to write, which appears when it is whole.")
  var output: String

  @Option(
    help: ArgumentHelp(
      "How per-channel images are made; auto is zero-filled for complete scans, grappa where up to every third position was acquired regularly, else l1-sense."
    ))
  var method: MethodChoice = .auto

  @Option(help: "\(KSpaceWindow.help)")
  var window: KSpaceWindow?

  @Option(
    help: """
      What becomes of the part that partial Fourier scans leave out: zero-filled (images are smoother by it), or pocs, which \
      completes magnitudes as if the phase were smooth; phases, and so fields and susceptibilities, stay zero-filled.
      """)
  var partialFourier: PartialFourierFilling = .zeroFilled

  @Option(help: "How channels are combined; mdi, or adaptive where echo times do not allow a field map.")
  var combine: CombinationMethod?

  @Flag(help: "Also write the complex images of every channel, as magnitude and phase.")
  var channels = false

  @Option(help: "The participant's label in the file names.")
  var subject = "01"

  @OptionGroup(title: "The network, for reconnet and reconnet-sense") var network: NetworkArguments
  @OptionGroup(title: "Sensitivities, for sense, l1-sense and reconnet-sense") var calibration:
    SensitivityArguments
  @OptionGroup(title: "DICOM") var archive: DICOMArguments
  @OptionGroup(title: "Noise") var noise: NoiseMapArguments
  @OptionGroup(title: "What the file leaves open") var reading: ReadingArguments
  @OptionGroup(title: "How to run") var running: RunArguments

  func validate() throws {
    if OutputPath.isNameless(output) {
      throw ValidationError("--output \(output.isEmpty ? "''" : output): the folder needs a name of its own.")
    }
    try archive.check(beside: output)
    try network.check(method.named.map { [$0] } ?? [])
    if window != nil, noise.noiseMap {
      throw ValidationError(
        "--noise-map shows the noise of images without a --window: leave one of them away.")
    }
    if subject.isEmpty || !subject.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) {
      throw ValidationError("--subject \(subject): only ASCII letters and digits are possible.")
    }
  }

  func run() throws {
    let progress = running.begin()
    let options = reading.options
    let file = try reading.open(raw)
    let layout = try ScanLayout(of: file, options: options)
    try layout.check(path: raw)
    let choice = layout.suitableMethod
    func report() {
      for finding in layout.findings where finding.severity == .warning {
        Terminal.report("kspace: warning: \(finding)")
      }
    }
    // What was assumed may be why no method suits the scan.
    if self.method == .auto, choice.method == nil { report() }
    let method = try self.method.named ?? choice.reconstruction(of: raw)
    let combination = combine ?? CombinationMethod(suiting: layout.parameters)
    try combination.check(layout.parameters)
    let needs = ReconstructionNeeds(ScanSize(layout), method, combination)
    Terminal.report("kspace: \(needs)")
    let account = self.method == .auto ? ["--method auto is \(method.rawValue), as \(choice.reason)."] : []
    for line in account { Terminal.report("kspace: \(line)") }
    report()
    let warnings = layout.warnings(for: method, combination, partialFourier)
    for warning in warnings { Terminal.report("kspace: warning: \(warning)") }
    try needs.check(raw)
    try AtomicFolder.check(output, kind: ReconstructionResults.kind, replacing: running.force, inputs: [raw])
    try archive.check(replacing: running.force, inputs: [raw])
    if running.dryRun { return }

    progress.report("reading", 0)
    let stack = try SliceStack(file, options: options)
    progress.report("reading", 1)
    let pipeline = Pipeline(
      try method.method(calibration.source, network, window, partialFourier), then: combination)
    Interruption.postpone()
    let folder = try AtomicFolder(
      output, kind: ReconstructionResults.kind, replacing: running.force, inputs: [raw])
    let results = ReconstructionResults(
      dataset: try DerivativeDataset(
        at: folder.temporaryPath, name: "Reconstruction of \(raw)", version: ToolkitVersion.text),
      subject: subject, reconstruction: method.label, of: stack)

    let finished = Atomic<Int>(0)
    var diagnostics: [Diagnostic] = []
    let maps = try pipeline(stack) { images in
      diagnostics = images.diagnostics
      Terminal.report(diagnostics)
      return images.observed { channel, volumes in
        try Interruption.check()
        let count = finished.wrappingAdd(1, ordering: .relaxed).newValue
        // A combination that passes twice has seen all channels once before it begins again.
        if channels, count <= images.channels { try results.writeChannel(channel, volumes, of: images) }
        progress.report("channels", Double(count) / Double(images.channels * combination.passes))
      }
    }
    try Interruption.check()

    let noiseMaps =
      try noise.noiseMap
      ? NoiseMaps(of: pipeline.reconstruction, stack, replicas: noise.method) { fraction in
        try Interruption.check()
        progress.report("noise", fraction)
      } : nil

    progress.report("writing", 0)
    try results.write(maps)
    if let noiseMaps { try results.write(noiseMaps, of: maps) }
    try Interruption.check()
    try JSONFile.write(
      ReconstructionProvenance(
        stack, layout: layout, input: raw, method: method.rawValue, combination: combination,
        configurations: [pipeline.reconstruction.configuration, combination.configuration],
        assumptions: maps.assumptions + account + warnings + (noiseMaps.map { [$0.account] } ?? []),
        diagnostics: diagnostics, command: CommandLine.arguments),
      to: folder.temporaryPath + "/provenance.json")
    let series = ResultSeries.all(of: maps)
    let commitDICOM = try archive.prepare(
      series, exam: file.header.exam, parameters: maps.parameters, isMultislice: stack.slices.count > 1,
      derivation: "KSpaceToolkit \(method.rawValue), \(combination.rawValue)", replacing: running.force)
    try folder.commit()
    try commitDICOM()
    progress.report("writing", 1)
    print(results.summary(of: maps, withNoise: noiseMaps != nil, in: output) + archive.summary(series))
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

extension ScanLayout {
  /// What the user should know of the images that will be made, beyond the ``findings``.
  func warnings(
    for method: ReconstructionMethod, _ combination: CombinationMethod,
    _ partialFourier: PartialFourierFilling = .zeroFilled
  ) -> [String] {
    var warnings: [String] = []
    let accelerations = sliceCounters.first.map { masks(slice: $0) }?.compactMap { $0.acceleration() } ?? []
    if method == .zeroFilled, let acceleration = accelerations.max(), acceleration > 1 {
      warnings.append(
        suitableMethod.method == .zeroFilled
          ? "a part of k-space was not sampled (partial Fourier, a shutter or a matrix that is too large): "
            + (partialFourier == .pocs
              ? "magnitudes are completed, phases and what follows from them are smoother by that part."
              : "images are smoother by that part; --partial-fourier pocs completes magnitudes, not phases.")
          : String(
            format:
              "the scan is undersampled (%.2f-fold, full grid over acquired): zero-filled images are aliased or blurred; --method l1-sense or grappa finds what is missing.",
            acceleration))
    }
    if Set(parameters.polarities).count > 1, !combination.removesReadoutPhase {
      warnings.append(
        "echoes were read out in both directions: the phase of reversed echoes differs by a plane that only mdi and mcpc3ds remove."
      )
    }
    return warnings
  }
}

extension Reconstruct: ReadingCommand {
  var inputs: [String] { [raw] }
}
