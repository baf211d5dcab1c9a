import ArgumentParser
import Foundation
import KSpaceToolkit
import Synchronization

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

  @OptionGroup var stages: ReconstructionArguments

  @Option(
    help: """
      What becomes of the part that partial Fourier scans leave out: zero-filled (images are smoother by it), or pocs, which \
      completes magnitudes as if the phase were smooth; phases, and so fields and susceptibilities, stay zero-filled.
      """)
  var partialFourier: PartialFourierFilling = .zeroFilled

  @Flag(help: "Also write the complex images of every channel, as magnitude and phase.")
  var channels = false

  @Option(help: "The participant's label in the file names.")
  var subject = "01"

  @OptionGroup(title: "DICOM") var archive: DICOMArguments
  @OptionGroup(title: "Noise") var noise: NoiseMapArguments
  @OptionGroup(title: "What the file leaves open") var reading: ReadingArguments
  @OptionGroup(title: "How to run") var running: RunArguments

  func validate() throws {
    try OutputPath.checkName(of: output)
    try archive.check(beside: output)
    if stages.window != nil, noise.noiseMap {
      throw ValidationError(
        "--noise-map shows the noise of images without a --window: leave one of them away.")
    }
    try Subject.check(subject)
  }

  func run() throws {
    let progress = running.begin()
    let options = reading.options
    let file = try reading.open(raw)
    let layout = try ScanLayout(of: file, options: options)
    try layout.check(path: raw)
    // What was assumed may be why no method suits the scan.
    Terminal.report(layout.findings)
    let choice = try stages.choice(for: layout, of: raw, partialFourier)
    let (method, pipeline, combination) = (choice.method, choice.pipeline, choice.pipeline.combination)
    Terminal.report("kspace: \(choice.plan)")
    for line in choice.account { Terminal.report("kspace: \(line)") }
    for warning in choice.warnings { Terminal.report("kspace: warning: \(warning)") }
    try AtomicFolder.check(output, kind: ReconstructionResults.kind, replacing: running.force, inputs: [raw])
    try archive.check(replacing: running.force, inputs: [raw])
    if running.dryRun { return }

    progress.report("reading", 0)
    let stack = try SliceStack(file, options: options)
    progress.report("reading", 1)
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
        assumptions: maps.assumptions + choice.account + choice.warnings
          + (noiseMaps.map { [$0.account] } ?? []),
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

extension Reconstruct: ReadingCommand {
  var inputs: [String] { [raw] }
}
