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

  @Option(
    help: """
      A folder with an atlas (*_T1w or *_Chimap, *_dseg and *_dseg.tsv), which elastix brings onto the scan: its regions, \
      and their values in regions.tsv, are written as well.
      """)
  var atlas: String?

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
    if images.totalField != nil || images.localField != nil {
      try methods.validate(
        after: images.localField == nil ? .total : .local, hasMagnitude: !images.magnitude.isEmpty)
    }
    if qsmCI { try validateForContract() }
  }

  /// Refuses what QSM-CI's contract has no place for.
  private func validateForContract() throws {
    if input == nil { throw ValidationError("--qsm-ci: name the input folder.") }
    if archive.dicom != nil { throw ValidationError("--dicom: QSM-CI's contract has no DICOM.") }
    if atlas != nil { throw ValidationError("--atlas: QSM-CI's contract has no regions.") }
    if methods.separate { throw ValidationError("--separate: QSM-CI's contract has one map.") }
    if intermediates || json {
      throw ValidationError("--intermediates and --json: QSM-CI's contract says what is written.")
    }
    try images.validateForContract()
  }

  func run() throws {
    if let config {
      var merged = try QSMConfiguration(at: config).merged(from: config)
      merged.config = nil
      try merged.validate()
      try merged.execute(configuration: config)
    } else {
      try execute(configuration: nil)
    }
  }

  private func execute(configuration: String?) throws {
    let contract =
      try qsmCI ? StageContract(input: input ?? "", output: output, replacing: running.force) : nil
    var options = methods.options
    if let file = contract?.configuration {
      options = try QSMConfiguration(at: file).merged(from: file).methods.options
    }
    options.mask = options.mask ?? contract?.mask
    let source =
      try contract?.source(ignoringAffine: images.ignoreAffine) ?? images.source(folder: input)
    let observer = running.observer()
    var run = try SusceptibilityRun(of: source, options: options, observer: observer)
    (run.subject, run.writesIntermediates, run.command) = (subject, intermediates, CommandLine.arguments)
    // An atlas that cannot be used shows before echoes are read.
    let atlas = try atlas.map { try AtlasRun(folder: $0, observer: observer) }
    run.furtherFiles = [configuration].compactMap(\.self) + (atlas?.atlas.files ?? [])
    let inputs = [input].compactMap(\.self) + run.inputs
    if contract == nil {
      try AtomicFolder.check(
        output, kind: SusceptibilityResults.kind, replacing: running.force, inputs: inputs)
    }
    try archive.check(replacing: running.force, inputs: inputs)
    if running.dryRun { return }

    let scan = try run.read()
    try atlas?.check(scan.maps)
    Interruption.postpone()
    let outcome = try run.map(scan), maps = outcome.maps
    if let contract {
      try contract.write(outcome.result, of: maps)
      return try Terminal.deliver("\(output)/chimap.nii.gz")
    }
    let regions = try atlas?.place(on: outcome)
    let folder = try AtomicFolder(output, kind: SusceptibilityResults.kind, replacing: running.force)
    var table = ""
    let (record, summary) = try run.write(outcome, to: folder.temporaryPath) { results, record in
      guard let atlas, let regions else { return }
      let values = try atlas.write(regions, of: outcome, to: results, in: &record)
      table = "\n\(output)/\(AtlasRun.table): the regions of the atlas\n\n\(values.text)"
    }
    let series =
      [ResultSeries(susceptibility: outcome.result.susceptibility)]
      // It unwraps the whole field.
      + (archive.dicom == nil ? [] : [ResultSeries(weighted: maps)].compactMap(\.self))
    let commitDICOM = try archive.prepare(
      series, exam: Exam(), parameters: maps.parameters, isMultislice: maps.geometry.matrix.z == 1,
      derivation: "KSpaceToolkit susceptibility mapping", replacing: running.force)
    try folder.commit()
    try commitDICOM()
    try Terminal.deliver(json ? record.json() : summary(output) + archive.summary(series) + table)
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
  ///
  /// - Parameter path: The file, which is named with the key where an option of it is to blame.
  func merged(from path: String) throws -> MapSusceptibility {
    let typed = Array(CommandLine.arguments.drop { $0 != "qsm" }.dropFirst())
    do {
      return try MapSusceptibility.parse(arguments(before: typed))
    } catch {
      // What was typed has been read already: an option that fails beside it alone is the one.
      for start in arguments.indices where arguments[start].hasPrefix("--") {
        let end = arguments[(start + 1)...].firstIndex { $0.hasPrefix("--") } ?? arguments.endIndex
        do {
          _ = try MapSusceptibility.parse(Array(arguments[start..<end]) + typed)
        } catch {
          let key = arguments[start].dropFirst(2).prefix { $0 != "=" }
          throw ValidationError("\(path): key \(key): \(MapSusceptibility.message(for: error))")
        }
      }
      throw error
    }
  }
}
