import ArgumentParser
import Foundation
import KSpaceToolkit

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
    var options = stages.options
    options.partialFourier = partialFourier
    let file = try reading.open(raw)
    var run = try ReconstructionRun(
      of: file, reading: reading.options, options: options, observer: running.observer())
    (run.subject, run.writesChannels, run.command) = (subject, channels, CommandLine.arguments)
    if noise.noiseMap { run.replicas = noise.method }
    try AtomicFolder.check(output, kind: ReconstructionResults.kind, replacing: running.force, inputs: [raw])
    try archive.check(replacing: running.force, inputs: [raw])
    if running.dryRun { return }

    let stack = try run.read()
    Interruption.postpone()
    let folder = try AtomicFolder(
      output, kind: ReconstructionResults.kind, replacing: running.force, inputs: [raw])
    let outcome = try run(stack, writingTo: folder.temporaryPath)
    let series = ResultSeries.all(of: outcome.maps), choice = run.choice
    let commitDICOM = try archive.prepare(
      series, exam: file.header.exam, parameters: outcome.maps.parameters,
      isMultislice: stack.slices.count > 1,
      derivation: "KSpaceToolkit \(choice.name), \(choice.pipeline.combination.rawValue)",
      replacing: running.force)
    try folder.commit()
    try commitDICOM()
    print(outcome.summary(output) + archive.summary(series))
  }
}

extension Reconstruct: ReadingCommand {
  var inputs: [String] { [raw] }
}
