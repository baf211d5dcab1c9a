import ArgumentParser
import Foundation
import KSpaceToolkit

/// `kspace qsm`: phase to susceptibility.
struct MapSusceptibility: LongCommand {
  static let configuration = CommandConfiguration(
    commandName: "qsm",
    abstract: "Maps susceptibility from the phase of gradient echoes.",
    discussion: """
      INPUT is the folder that `kspace reconstruct` wrote, any BIDS folder with one multi-echo scan \
      (part-mag, part-phase), a folder of one scan's DICOM files (where dcm2niix is installed), or absent, with --magnitude and --phase naming NIfTI files of any tool: one file of \
      all echoes, or one per echo; or --total-field or --local-field naming a field in Hz, rad/s, ppm, ppb or rad. The field comes from all echoes (MDI), is unwrapped by region growing, freed \
      from its background and inverted.

      Writes a BIDS derivative data set: Chimap [ppm] with a sidecar, previews in figures/, and in provenance.json \
      every setting, assumption and input with its SHA-256; with --intermediates also mask, fields, R2* and SWI. \
      With --qsm-ci, INPUT and --output are the folders of QSM-CI's stage contract. For example:

        kspace qsm images -o susceptibility
        kspace qsm -o susceptibility --magnitude mag.nii.gz --phase phase.nii.gz --mask brain.nii.gz
        kspace qsm -o susceptibility --total-field field.nii.gz --field-unit Hz --field-strength 3T --mask brain.nii.gz
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

  @OptionGroup(title: "DICOM") var archive: DICOMArguments
  @OptionGroup(title: "How to run") var running: RunArguments

  func validate() throws {
    try OutputPath.checkName(of: output)
    try Subject.check(subject)
    try archive.check(beside: output)
    // A configuration file may name what is missing here.
    guard config == nil else { return }
    try images.validate(beside: input)
    if qsmCI, archive.dicom != nil { throw ValidationError("--dicom: QSM-CI's contract has no DICOM.") }
    if qsmCI, input == nil { throw ValidationError("--qsm-ci: name the input folder.") }
  }

  func run() throws {
    if let config {
      var merged = try QSMConfiguration(at: config).merged()
      merged.config = nil
      try merged.validate()
      try merged.execute(configuration: config)
    } else {
      try execute(configuration: nil)
    }
  }

  private func execute(configuration: String?) throws {
    let progress = running.begin()
    let contract =
      try qsmCI ? StageContract(input: input ?? "", output: output, replacing: running.force) : nil
    var methods = methods
    if let file = contract?.configuration { methods = try QSMConfiguration(at: file).merged().methods }
    methods.mask = methods.mask ?? contract?.mask
    let source = try contract?.source() ?? images.source(folder: input)
    Terminal.report("kspace: \(source.summary)")
    let given = [methods.mask, methods.referenceFile, methods.r2].compactMap(\.self)
    let inputs = source.originals + given + [configuration].compactMap(\.self)
    if contract == nil {
      try AtomicFolder.check(
        output, kind: SusceptibilityResults.kind, replacing: running.force,
        inputs: [input].compactMap(\.self) + inputs)
    }
    try archive.check(replacing: running.force, inputs: [input].compactMap(\.self) + inputs)
    let needs = source.needs()
    Terminal.report("kspace: \(source.size?.matrix.description ?? "unknown") voxels; \(needs.words)")
    try MachineMemory.check(
      needs.memory, for: "the mapping", at: "memory", remedy: "Crop the images, or use a larger machine")
    // A network that cannot be used shows before echoes are read.
    if methods.inversion == .network { _ = try NetworkFile(methods.model ?? "") }
    if running.dryRun { return }

    progress.report("reading", 0)
    let maps = try source.maps(within: methods.mask)
    let ignoresAffine = images.ignoreAffine || !maps.isPlaced
    func mask(_ path: String?, _ name: String) throws -> BrainMask? {
      try path.map { try BrainMask(at: $0, on: maps.geometry, name: name, ignoringAffine: ignoresAffine) }
    }
    let brain = try mask(methods.mask, "mask")?.eroded(by: methods.maskErosion.metres)
    let reference = try methods.zeroReference { try mask($0, "reference region") }
    progress.report("reading", 1)
    for assumption in maps.assumptions { Terminal.report("kspace: \(assumption)") }
    Interruption.postpone()
    let mapping = try methods.mapping(for: maps)
    var result = try mapping(maps, mask: brain, reference: reference) { stage in
      progress.report(stage.rawValue, 1)
      try Interruption.check()
    }
    let sources =
      try methods.separate
      ? result.separateSources(of: maps, r2: methods.r2, ignoringAffine: ignoresAffine) : nil
    for assumption in result.assumptions { Terminal.report("kspace: \(assumption)") }
    for warning in result.warnings { Terminal.report("kspace: warning: \(warning)") }
    if let contract {
      try contract.write(result, of: maps)
      return try Terminal.deliver("\(output)/chimap.nii.gz")
    }
    try write(result, sources, of: maps, by: mapping, inputs: inputs, methods, progress)
  }

  private func write(
    _ result: SusceptibilityMaps, _ sources: SourceSeparation.Sources?, of maps: EchoMaps,
    by mapping: SusceptibilityMapping, inputs: [String], _ methods: QSMMethodArguments, _ progress: Progress
  ) throws {
    progress.report("writing", 0)
    let folder = try AtomicFolder(output, kind: SusceptibilityResults.kind, replacing: running.force)
    let results = SusceptibilityResults(
      dataset: try DerivativeDataset(
        at: folder.temporaryPath, name: "Susceptibility of \(input ?? images.name)",
        version: ToolkitVersion.text),
      subject: subject)
    try results.write(result, of: maps, intermediates: intermediates)
    if let sources { try results.write(sources, of: maps, within: result.mask) }
    try Interruption.check()
    let record = SusceptibilityProvenance(
      result, of: maps, by: mapping, inputs: try inputs.map { try SusceptibilityProvenance.Input($0) },
      configuration: methods.resolved.merging(images.resolved) { $1 }, command: CommandLine.arguments)
    try JSONFile.write(record, to: folder.temporaryPath + "/provenance.json")
    let series =
      [ResultSeries(susceptibility: result.susceptibility)]
      + [ResultSeries(weighted: maps)].compactMap(\.self)
    let commitDICOM = try archive.prepare(
      series, exam: Exam(), parameters: maps.parameters, isMultislice: maps.geometry.matrix.z == 1,
      derivation: "KSpaceToolkit susceptibility mapping", replacing: running.force)
    try folder.commit()
    try commitDICOM()
    progress.report("writing", 1)
    try Terminal.deliver(
      json
        ? record.json()
        : results.summary(of: result, in: output, intermediates: intermediates) + archive.summary(series))
  }
}

extension MapSusceptibility: ReadingCommand {
  var inputs: [String] {
    (input.map { [$0] } ?? images.phase + images.magnitude)
      + [images.totalField, images.localField, methods.mask].compactMap(\.self)
  }
}

extension QSMConfiguration {
  /// The command with the file's options under those of the command line.
  func merged() throws -> MapSusceptibility {
    let typed = Array(CommandLine.arguments.drop { $0 != "qsm" }.dropFirst())
    return try MapSusceptibility.parse(arguments(before: typed))
  }
}
