import ArgumentParser
import Foundation
import KSpaceToolkit

/// `kspace study`: what acceleration costs, and how many minutes it saves.
struct StudyCommand: LongCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Reconstruct accelerated scans in several ways, and compare images, maps and scan times.",
    discussion: """
      Retrospectively, the scan is undersampled at --accelerations; prospectively, scans of the same subject that were \
      accelerated when they were measured are compared with it:

        kspace study full.h5 -o study --methods grappa,reconnet --accelerations 3,4,5
        kspace study full.h5 -o study --methods grappa,reconnet --prospective fast.h5 faster.h5

      Writes one self-contained page, report.html, and results.json, results.tsv and the images of every cell \
      (method x acceleration, method x scan). A study that was interrupted continues where it was: run the same command \
      again, also with more methods, accelerations or scans; only what is missing is made. Scans that lie elsewhere are \
      aligned by elastix, where that is installed. Any number of processes on any machines may share the work, each with \
      --shard; `kspace workflow` writes what Slurm, Snakemake or make need for it.
      """)

  @Argument(help: "The reference: MRD as HDF5 or as a stream, complete for accelerations to be simulated.")
  var raw: String?

  @Option(name: .shortAndLong, help: "The folder of the study, new or to be continued.")
  var output = ""

  @Option(
    parsing: .upToNextOption, help: "Scans of the same subject that were accelerated when they were measured."
  )
  var prospective: [String] = []

  @Option(help: "Reconstructions to compare, parted by commas.")
  var methods = MethodList([.grappa, .l1SENSE])

  @Option(
    help: """
      Accelerations against the full grid, calibration included, to undersample the reference by; 3,4,5 unless there \
      are prospective scans, or the reference is undersampled itself.
      """)
  var accelerations: NumberList?

  @Option(
    help: """
      What the others are compared with: METHOD for the reference scan as it is, or METHOD@AF, such as grappa@2; \
      zero-filled unless given, or grappa for a reference that is undersampled.
      """)
  var reference: CellArgument?

  @Option(
    help:
      "The fully sampled box of the masks (ky x kz); 24x24 unless given, or less where the grid is smaller.")
  var calibration: GridExtent?

  @Option(help: "The outline of the masks: rectangle or ellipse.")
  var shutter: SamplingShutter = .rectangle

  @Flag(
    help: "Masks that fill each other's gaps, one per echo, as sequences with blips between echoes measure.")
  var complementary = false

  @Option(help: "The seed of the masks; equal seeds give equal masks for ever.")
  var seed: UInt64 = 1

  @Option(help: "\(KSpaceWindow.help)")
  var window: KSpaceWindow?

  @Flag(inversion: .prefixedNo, help: "Align prospective scans, and --t1, by elastix where it is installed.")
  var registration = true

  @Option(
    help:
      "Map susceptibility by a trained network: \(NetworkFile.inTheBox), which is in the box, an ONNX file, or its name in the folder QSM_MODEL_DIR; by TV unless given."
  )
  var model: String?

  @OptionGroup(title: "The network, for reconnet and reconnet-sense") var network: NetworkArguments
  @OptionGroup(title: "Where images are compared") var regions: StudyRegionArguments

  @Option(
    help: """
      Instead of a raw file: a table of subjects (participant_id, age, file, labels, mask), or a folder with \
      participants.tsv, from kspace phantom --cohort or one's own. Gives the statistics of the group.
      """)
  var cohort: String?

  @Flag(
    help:
      "Keep the images of all subjects of a cohort, not of the first alone; they stay when the study goes on."
  )
  var keepImages = false

  @Flag(help: "Leave out susceptibility; compare magnitudes, fields and R2* alone.")
  var noSusceptibility = false

  @OptionGroup(title: "Many processes") var sharing: StudyShareArguments
  @OptionGroup(title: "What the files leave open") var reading: ReadingArguments
  @OptionGroup(title: "How to run") var running: RunArguments

  func validate() throws {
    if sharing.status != nil { return }
    if output.isEmpty { throw ValidationError("Missing expected argument '--output <output>'") }
    try OutputPath.checkName(of: output)
    try validateCohort()
    if raw == "-" || prospective.contains("-") {
      throw ValidationError("A study reads its files again when it continues: give files, not -.")
    }
    if let wrong = accelerations?.numbers.first(where: { !($0 >= 1) }) {
      throw ValidationError("--accelerations \(wrong): an acceleration is at least 1.")
    }
    try usage { try network.options.check(for: methods.methods) }
    if model != nil, noSusceptibility {
      throw ValidationError("--model maps susceptibility: leave out --no-susceptibility.")
    }
  }

  /// Refuses options that do not go together with a cohort, or without one.
  private func validateCohort() throws {
    if (raw == nil) == (cohort == nil) { throw ValidationError("Give either a raw file or --cohort.") }
    if cohort != nil {
      if regions.truth != nil {
        throw ValidationError("--truth: the simulated heads of a cohort have theirs; leave it out.")
      }
      if regions.labels != nil || regions.atlas != nil || regions.mask != nil || noSusceptibility {
        throw ValidationError(
          "--cohort takes labels and masks from its table, and compares susceptibility: leave out --labels, --atlas, --mask "
            + "and --no-susceptibility.")
      }
      if !prospective.isEmpty || regions.t1 != nil {
        throw ValidationError("--prospective and --t1 are for a single subject: leave out --cohort.")
      }
    } else {
      if keepImages { throw ValidationError("--keep-images belongs to --cohort.") }
      if regions.labels == nil, regions.labelNames != nil || regions.t1 != nil {
        throw ValidationError("--label-names and --t1 belong to --labels.")
      }
      if regions.atlas != nil, regions.labels != nil {
        throw ValidationError("--atlas: it takes the place of --labels; leave out one of them.")
      }
      if noSusceptibility, regions.atlas != nil || regions.labels != nil || regions.truth != nil {
        throw ValidationError(
          "--atlas, --labels, --t1 and --truth are for susceptibility: leave them out, or --no-susceptibility."
        )
      }
    }
  }

  func run() throws {
    if let folder = sharing.status {
      let status = try StudyStatus(of: folder)
      return try Terminal.deliver(sharing.json ? status.json() : status.text)
    }
    do {
      if let cohort { try runCohort(at: cohort) } else if let raw { try runScan(at: raw) }
    } catch let request as Interruption.Request {
      Terminal.report(
        "\nkspace: stopped. What is finished is kept in \(output): run the same command to go on.")
      // Engines start again what ends so.
      if sharing.shard != nil, request.signal == SIGTERM { throw ExitCode(75) }
      throw request
    }
  }

  private func scans(at raw: String) throws -> StudyScans {
    func open(_ path: String) throws -> StudyFile {
      let file = try StudyFile(reading.open(path), options: reading.options)
      Terminal.report(file.layout.findings)
      return file
    }
    let scan = try open(raw)
    var factors = accelerations?.numbers
    if factors == nil, prospective.isEmpty {
      if scan.layout.suitableMethod.method == .zeroFilled {
        factors = Self.usualAccelerations
      } else {
        Terminal.report(
          "kspace: \(raw) is undersampled already: methods are compared on it as it was measured, and no acceleration is "
            + "simulated.")
      }
    }
    return try StudyScans(
      scan, accelerated: prospective.map(open), methods: methods.methods, accelerations: factors,
      reference: reference?.cell)
  }

  private static let usualAccelerations = [3.0, 4, 5]

  private func runScan(at raw: String) throws {
    let progress = running.begin()
    try StudyFolder.check(output)
    let scans = try scans(at: raw), cells = scans.cells, reference = cells[0]
    Terminal.report("kspace: \(counted(cells.count, "cell")), against \(reference.title).")
    for source in [scans.reference] + scans.accelerated { Terminal.report("kspace: \(source.summary)") }
    // Parts of a study name the cells that cannot be, and make the others.
    if sharing.shard == nil, !sharing.merge, !sharing.plan { try scans.check(maskChoice) }
    if running.dryRun || sharing.plan { return try sharing.deliver(plan(scans, progress)) }

    let share = try sharing.share(), work = WorkFolder(of: output)
    if share != .nothing {
      try StudyFolder.begin(output, version: ToolkitVersion.text, replacing: running.force)
      try work.note(subjects: [nil], cells: cells, masks: maskChoice, replacing: running.force)
    }
    var study = try study(of: scans, progress)
    sharing.postponeInterruption()
    let files = regions.files(of: raw), grid = study.scan.geometry
    let mask = try files.readMask(on: grid)?.isInside
    var shown = -1
    func show(_ step: ScanStudy.Progress) throws {
      try Interruption.check()
      guard !Terminal.isInteractive, running.progress == nil, step.index != shown else { return }
      shown = step.index
      Terminal.report(
        "kspace: cell \(step.index + 1) of \(step.count), \(step.cell.name)\(step.isFound ? " is there" : "")"
      )
    }
    if case .shard(let shard) = share {
      return try sharing.end(
        shard, of: output, study.make(shard, of: cells, reference: reference, mask: mask, progress: show))
    }
    study.truth = try noSusceptibility ? nil : files.readTruth(on: grid)
    let labels = try files.readLabels(on: grid), claim = try work.claimReport()
    defer { claim.release() }
    let outcome = try study.run(
      cells, reference: reference, mask: mask, labels: labels, share: share, progress: show)
    let report = try study.write(outcome)
    try Terminal.deliver(outcome.results.text + "\n\n\(report): the whole study on one page")
    if !outcome.missing.isEmpty { throw ExitCode(4) }
  }

  /// All units of the study, and what they take.
  ///
  /// - Throws: As the study itself before anything is computed.
  func plan() throws -> StudyPlan {
    try StudyFolder.check(output)
    guard let raw else { return try cohortPlan() }
    return try plan(scans(at: raw), running.begin())
  }

  private func plan(_ scans: StudyScans, _ progress: Progress) throws -> StudyPlan {
    let cells = scans.cells, files = regions.files(of: scans.reference.path)
    var missing: [MissingUnit]?
    if FileManager.default.fileExists(atPath: output) {
      let study = try study(of: scans, progress)
      let mask = try files.readMask(on: study.scan.geometry)?.isInside
      missing = try study.missing(of: cells, reference: cells[0], mask: mask)
    }
    return try StudyPlan(
      of: scans, methods: reconstructions(of: cells), mapping: noSusceptibility ? nil : mapping,
      inputs: [files.mask].compactMap(\.self), folder: output, missing: missing)
  }

  /// How masks are made.
  var maskChoice: MaskChoice {
    MaskChoice(calibration: calibration, shutter: shutter, seed: seed, isComplementary: complementary)
  }

  /// The cells of a scan that is undersampled here.
  var retrospectiveCells: [StudyCell] {
    StudyCell.all(methods.methods, accelerations?.numbers ?? Self.usualAccelerations)
  }

  /// The study with all that its cells follow from.
  private func study(of scans: StudyScans, _ progress: Progress) throws -> ScanStudy {
    var study = try scans.study(
      by: reconstructions(of: scans.cells), in: output, progress: progress.report)
    study.masks = maskChoice
    study.software = ToolkitVersion.text
    study.replacesOthers = running.force
    if !noSusceptibility { study.mapping = try mapping }
    study.atlas = try regions.atlas.map { StudyAtlas(try Atlas(folder: $0), by: try AtlasRegistration()) }
    if registration, !scans.accelerated.isEmpty || regions.t1 != nil {
      study.alignment = Elastix().map { ScanAlignment(tool: $0, reconstruction: GRAPPA()) }
    }
    study.observer = { cell, fraction in
      try Interruption.check()
      progress.report(cell.name, fraction)
    }
    return study
  }

  /// The way to susceptibility.
  var mapping: SusceptibilityMapping {
    get throws {
      try model.map { SusceptibilityMapping(inversion: LearnedInversion(try NetworkFile($0))) }
        ?? SusceptibilityMapping()
    }
  }

  /// The reconstructions of cells by their names.
  func reconstructions(of cells: [StudyCell]) throws -> [String: any Reconstruction] {
    try Dictionary(
      uniqueKeysWithValues: Set(cells.map(\.method)).compactMap(ReconstructionMethod.init).map {
        ($0.rawValue, try options.reconstruction(by: $0))
      })
  }

  /// How scans are reconstructed.
  private var options: ReconstructionOptions {
    var options = network.options
    options.window = window
    return options
  }
}

extension StudyCommand: ReadingCommand {
  var inputs: [String] { [raw, cohort].compactMap(\.self) }
}
