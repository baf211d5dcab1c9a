import ArgumentParser
import Foundation
import KSpaceToolkit

/// `kspace qsm`: phase to susceptibility.
struct MapSusceptibility: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "qsm",
    abstract: "Maps susceptibility from the phase of gradient echoes.",
    discussion: """
      INPUT is the folder that `kspace reconstruct` wrote, any BIDS folder with one multi-echo scan \
      (part-mag, part-phase), or absent, with --magnitude and --phase naming NIfTI files of any tool: one file of \
      all echoes, or one per echo. The field comes from all echoes (MDI), is unwrapped by region growing, freed \
      from its background and inverted.

      Writes a BIDS derivative data set: Chimap [ppm] with a sidecar, previews in figures/, and in provenance.json \
      every setting, assumption and input with its SHA-256; with --intermediates also mask, fields, R2* and SWI. \
      With --qsm-ci, INPUT and --output are the folders of QSM-CI's stage contract.
      """)

  @Argument(help: "The folder with the echoes, or the field map, of one scan.")
  var input: String?

  @Option(name: .shortAndLong, help: "The folder to write, which appears when it is whole.")
  var output: String

  @OptionGroup(title: "What goes in") var images: QSMImageArguments
  @OptionGroup(title: "How susceptibility is found") var methods: QSMMethodArguments

  @Flag(help: "Also write mask, total and local field, R2* and susceptibility-weighted images.")
  var intermediates = false

  @Flag(help: "Take INPUT and --output as folders of QSM-CI's stage contract.")
  var qsmCI = false

  @Option(
    help: "A file of further options, YAML or JSON, such as `background: sharp`; the command line prevails.")
  var config: String?

  @Option(help: "The participant's label in the file names.")
  var subject = "01"

  @Flag(help: "Print what was found as JSON.")
  var json = false

  @OptionGroup(title: "How to run") var running: RunArguments

  func validate() throws {
    if OutputPath.isNameless(output) {
      throw ValidationError("--output \(output.isEmpty ? "''" : output): the folder needs a name of its own.")
    }
    if subject.isEmpty || !subject.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) {
      throw ValidationError("--subject \(subject): only ASCII letters and digits are possible.")
    }
    // A configuration file may name what is missing here.
    guard config == nil else { return }
    if input == nil, images.phase.isEmpty {
      throw ValidationError("INPUT: name a folder, or files with --magnitude and --phase.")
    }
    if input != nil, !images.phase.isEmpty || !images.magnitude.isEmpty {
      throw ValidationError("--phase and --magnitude: give them or the folder \(input ?? ""), not both.")
    }
    if qsmCI, input == nil { throw ValidationError("--qsm-ci: name the input folder.") }
  }

  func run() throws {
    if let config {
      let typed = Array(CommandLine.arguments.drop { $0 != "qsm" }.dropFirst())
      var merged = try MapSusceptibility.parse(try QSMConfiguration(at: config).arguments(before: typed))
      merged.config = nil
      try merged.validate()
      try merged.execute(configuration: config)
    } else {
      try execute(configuration: nil)
    }
  }

  private func execute(configuration: String?) throws {
    let progress = running.begin()
    if qsmCI, let input {
      return try QSMContract(input: input, output: output).run(methods, running, progress)
    }
    let source = try QSMSource(folder: input, images)
    Terminal.report("kspace: \(source.summary)")
    let inputs = source.paths + [methods.mask, configuration].compactMap(\.self)
    for path in [input].compactMap(\.self) + inputs {
      try OutputFolder.check(output, kind: .susceptibility, replacing: running.force, input: path)
    }
    let needs = QSMNeeds(source)
    Terminal.report("kspace: \(needs)")
    try needs.check()
    if running.dryRun { return }

    progress.report("reading", 0)
    let scan = try source.read()
    progress.report("reading", 1)
    for assumption in scan.assumptions { Terminal.report("kspace: \(assumption)") }
    let folder = try OutputFolder(output, kind: .susceptibility, replacing: running.force)
    let outcome = try QSMChain(methods, progress: progress).run(scan)
    for assumption in outcome.assumptions { Terminal.report("kspace: \(assumption)") }
    try Interruption.check()
    progress.report("writing", 0)
    let results = QSMResults(
      dataset: try DerivativeDataset(
        at: folder.temporaryPath, name: "Susceptibility of \(source.name)", version: KSpaceVersion.text),
      subject: subject)
    try results.write(outcome, of: scan, intermediates: intermediates)
    let record = QSMProvenance(
      inputs: try QSMProvenance.checksums(of: inputs),
      configuration: methods.resolved.merging(images.resolved) { $1 },
      assumptions: scan.assumptions + outcome.assumptions, findings: outcome.findings)
    try Data((record.json() + "\n").utf8).write(
      to: URL(filePath: folder.temporaryPath + "/provenance.json"), options: .atomic)
    try folder.commit()
    progress.report("writing", 1)
    try Terminal.deliver(
      json ? record.json() : results.summary(of: outcome, in: output, intermediates: intermediates))
  }
}

extension OutputFolder.Kind {
  /// The data set that susceptibility mapping writes.
  static let susceptibility = OutputFolder.Kind(marker: "provenance.json") { name in
    ["provenance.json", "dataset_description.json", ".bidsignore", "figures"].contains(name)
      || name.hasPrefix("sub-")
  }
}
