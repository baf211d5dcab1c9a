import ArgumentParser
import Foundation
import KSpaceToolkit

/// `kspace study`: what acceleration costs, and how many minutes it saves.
struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Undersample a scan, reconstruct it in several ways, and compare images, maps and scan times.",
    discussion: """
      Writes one self-contained page, report.html, and results.json, results.tsv and the images of every cell \
      (method x acceleration). A study that was interrupted continues where it was: run the same command again, \
      also with more methods or accelerations; only what is missing is made.
      """)

  @Argument(help: "The raw file: MRD as HDF5 or as a stream, complete for accelerations to be simulated.")
  var raw: String?

  @Option(name: .shortAndLong, help: "The folder of the study, new or to be continued.")
  var output: String

  @Option(help: "Reconstructions to compare, such as grappa,l1-sense.")
  var methods = MethodList([.grappa, .l1SENSE])

  @Option(help: "Accelerations against the full grid, calibration included.")
  var accelerations = NumberList([3, 4, 5])

  @Option(
    help: "What the others are compared with: METHOD for the scan as it is, or METHOD@AF, such as grappa@2.")
  var reference = CellArgument(StudyCell(method: ReconstructionMethod.zeroFilled.rawValue))

  @Option(help: "The fully sampled box of the masks, 24x24 (ky x kz).")
  var calibration: GridExtent?

  @Option(help: "The outline of the masks: rectangle or ellipse.")
  var shutter: SamplingShutter = .rectangle

  @Option(help: "The seed of the masks; equal seeds give equal masks for ever.")
  var seed: UInt64 = 1

  @Option(help: "A NIfTI volume of regions (0 is none) on the grid of the images.")
  var labels: String?

  @Option(
    help: "A NIfTI volume that is not 0 where images are compared; the reference's object unless given.")
  var mask: String?

  @Option(
    help: """
      Instead of a raw file: a table of subjects (participant_id, age, file, labels, mask), or a folder with \
      participants.tsv, from kspace phantom --cohort or one's own. Gives the statistics of the group.
      """)
  var cohort: String?

  @Option(
    help: """
      A table of the regions that count in a cohort (index, name); dseg.tsv beside the cohort's table unless given.
      """
  )
  var labelNames: String?

  @Flag(help: "Keep the images of all subjects of a cohort, not of the first alone.")
  var keepImages = false

  @Flag(help: "Leave out susceptibility; compare magnitudes, fields and R2* alone.")
  var noSusceptibility = false

  @OptionGroup(title: "What the file leaves open") var reading: ReadingArguments
  @OptionGroup(title: "How to run") var running: RunArguments

  func validate() throws {
    if OutputPath.isNameless(output) {
      throw ValidationError("--output \(output.isEmpty ? "''" : output): the folder needs a name of its own.")
    }
    if (raw == nil) == (cohort == nil) {
      throw ValidationError("Give either a raw file or --cohort.")
    }
    if cohort != nil, labels != nil || mask != nil || noSusceptibility {
      throw ValidationError(
        "--cohort takes labels and masks from its table, and compares susceptibility: leave out --labels, --mask and "
          + "--no-susceptibility.")
    }
    if cohort == nil, labelNames != nil || keepImages {
      throw ValidationError("--label-names and --keep-images belong to --cohort.")
    }
    if raw == "-" {
      throw ValidationError("A study reads its file again when it continues: give a file, not -.")
    }
    if let wrong = accelerations.numbers.first(where: { !($0 >= 1) }) {
      throw ValidationError("--accelerations \(wrong): an acceleration is at least 1.")
    }
  }

  func run() throws {
    if let cohort { return try runCohort(at: cohort) }
    guard let raw else { return }
    let progress = running.begin()
    let file = try reading.open(raw)
    let layout = ScanLayout(header: file.header, acquisitions: file.acquisitions, options: reading.options)
    try layout.check(path: raw)
    let cells = methods.methods.flatMap { method in
      accelerations.numbers.map { StudyCell(method: method.rawValue, acceleration: $0) }
    }
    try StudyFolder.check(output)
    Terminal.report(
      "kspace: \(counted(cells.count + (cells.contains(reference.cell) ? 0 : 1), "cell")), against \(reference.cell.title)."
    )
    if running.dryRun { return }

    progress.report("reading", 0)
    let input = try StudyInput(at: raw, options: "\(reading.options)")
    let stack = try SliceStack(file, options: reading.options)
    progress.report("reading", 1)
    Interruption.postpone()
    let known = try Set(methods.methods + [reference.method]).map {
      ($0.rawValue, try $0.method(.estimated(ESPIRiT())))
    }
    var study = RetrospectiveStudy(
      of: stack, input: input, methods: Dictionary(uniqueKeysWithValues: known), folder: output)
    study.masks = MaskChoice(calibration: calibration, shutter: shutter, seed: seed)
    study.software = KSpaceVersion.text
    if !noSusceptibility { study.mapping = SusceptibilityMapping() }
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    let (results, compared) = try study.run(
      cells, reference: reference.cell, mask: try mask.map(readMask), labels: try labels.map(readLabels)
    ) { cell in
      try Interruption.check()
      progress.report(cell.cell.name, Double(cell.index) / Double(cell.count))
    }
    try results.write(to: output)
    let page = try StudyReport(results, mask: compared, images: study.images).html()
    try AtomicFile.write(to: "\(output)/report.html") { try Data(page.utf8).write(to: URL(filePath: $0)) }
    try Terminal.deliver(results.text + "\n\n\(output)/report.html: the whole study on one page")
  }

  private func readMask(_ path: String) throws -> NDArray<Bool> {
    try NIfTIFile(at: path).volumes(scaling: .applied)[0].map { $0.isFinite && $0 != 0 }
  }

  private func readLabels(_ path: String) throws -> LabelVolume {
    LabelVolume(try NIfTIFile(at: path).volumes(scaling: .applied)[0].map { Int32($0.rounded()) })
  }
}

/// Names of reconstructions, such as `grappa,l1-sense`.
struct MethodList: ExpressibleByArgument, CustomStringConvertible {
  let methods: [ReconstructionMethod]

  init(_ methods: [ReconstructionMethod]) { self.methods = methods }

  init?(argument: String) {
    let words = argument.split(separator: ",", omittingEmptySubsequences: false)
    methods = words.compactMap { ReconstructionMethod(rawValue: String($0)) }
    guard methods.count == words.count else { return nil }
  }

  var description: String { methods.map(\.rawValue).joined(separator: ",") }
}

/// A cell of a study, `METHOD` or `METHOD@AF`.
struct CellArgument: ExpressibleByArgument, CustomStringConvertible {
  let cell: StudyCell

  /// The reconstruction by its name.
  var method: ReconstructionMethod { ReconstructionMethod(rawValue: cell.method) ?? .zeroFilled }

  init(_ cell: StudyCell) { self.cell = cell }

  init?(argument: String) {
    let words = argument.split(separator: "@", omittingEmptySubsequences: false)
    guard (1...2).contains(words.count), let method = ReconstructionMethod(rawValue: String(words[0])) else {
      return nil
    }
    cell = StudyCell(method: method.rawValue, acceleration: words.count == 2 ? Double(words[1]) : nil)
    if words.count == 2, !((cell.acceleration ?? 0) >= 1) { return nil }
  }

  var description: String { cell.acceleration.map { "\(cell.method)@\($0)" } ?? cell.method }
}
