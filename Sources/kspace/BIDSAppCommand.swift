import ArgumentParser
import Foundation
import KSpaceToolkit

/// `kspace bids`: a BIDS App.
struct BIDSApp: LongCommand {
  static let configuration = CommandConfiguration(
    commandName: "bids",
    abstract: "Maps susceptibility of a BIDS data set, as a BIDS App.",
    discussion: """
      participant: for each session, raw data (sourcedata/sub-LABEL[/ses-LABEL]/.../*.h5 or *.mrd) are reconstructed; without \
      them, the session's echoes are taken (part-mag and part-phase, MEGRE). Then fields, R2* and susceptibility are mapped. \
      Any number of processes may work on one OUTPUT_DIR; what is there is not made again. group: group_maps.tsv, what \
      the maps of all hold, and with an atlas group_regions.tsv, its regions in all. For example:

        kspace bids data derivatives participant --participant-label 01 02
        kspace bids data derivatives group
      """)

  /// What is made.
  enum Level: String, ExpressibleByArgument, CaseIterable { case participant, group }

  @Argument(help: ArgumentHelp("The BIDS data set.", valueName: "bids-dir"))
  var dataset: String

  @Argument(
    help: ArgumentHelp("The folder of the derivatives, new or to be continued.", valueName: "output-dir"))
  var output: String

  @Argument(help: "participant for every scan, or group for the table of all.")
  var level: Level

  @Option(
    name: [.customLong("participant-label"), .customLong("participant_label")], parsing: .upToNextOption,
    help: "The participants; all unless given.")
  var participants: [String] = []

  @Option(
    name: [.customLong("session-label"), .customLong("session_label")], parsing: .upToNextOption,
    help: "The sessions; all unless given.")
  var sessions: [String] = []

  @Flag(
    name: [.customLong("skip-bids-validation"), .customLong("skip_bids_validator")],
    help: "For other apps' sake: the data set is never validated here.")
  var skipsValidation = false

  @Option(help: "How raw data are reconstructed.")
  var method = OrAutomatic<ReconstructionMethod>()

  @Option(help: "The sign of the phase: positive if paramagnetic matter makes it grow, or negative.")
  var phaseSign: PhaseSign?

  @Option(
    help: """
      A folder with an atlas (*_T1w or *_Chimap, *_dseg and *_dseg.tsv), which elastix brings onto every scan: its regions, \
      and their values in regions.tsv, are written as well.
      """)
  var atlas: String?

  @Option(help: "A file of options of `kspace qsm`, YAML or JSON, such as `background: sharp`.")
  var config: String?

  @OptionGroup(title: "How to run") var running: RunArguments

  func validate() throws {
    try OutputPath.checkName(of: output, option: "OUTPUT_DIR")
  }

  func run() throws {
    let source = try BIDSDataset(at: dataset)
    let scans = try source.scans(ofParticipants: participants, sessions: sessions)
    if running.dryRun { return try Terminal.deliver(scans.map(\.name).joined(separator: "\n")) }
    if !FileManager.default.fileExists(atPath: "\(output)/dataset_description.json") {
      _ = try DerivativeDataset(
        at: output, name: "Susceptibility of \(URL(filePath: dataset).lastPathComponent)",
        version: ToolkitVersion.text)
    }
    switch level {
    case .participant: try map(scans)
    case .group:
      let table = try GroupTable(of: scans, in: output)
      try AtomicFile.write(GroupTable.text(table.lines), to: "\(output)/\(GroupTable.file)")
      let regions = "\(output)/\(GroupTable.regionsFile)"
      if !table.regions.isEmpty {
        try AtomicFile.write(GroupTable.text(table.regions), to: regions)
      } else if FileManager.default.fileExists(atPath: regions) {
        // It tells of maps that are no longer here.
        try FileManager.default.removeItem(atPath: regions)
      }
      for name in table.missing { Terminal.report("kspace: \(name) has no maps: run the participant level.") }
      try Terminal.deliver(
        "\(output)/\(GroupTable.file): \(counted(scans.count - table.missing.count, "scan"))")
      if !table.missing.isEmpty { throw ExitCode(4) }
    }
  }

  /// Makes the derivatives of scans, each under a claim of its own.
  private func map(_ scans: [BIDSDataset.Scan]) throws {
    let work = WorkFolder(of: output), run = try participantRun()
    var failed = 0, busy = 0
    Interruption.postpone(grace: 15)
    for scan in scans {
      do {
        let claim = try work.claim(scan.name)
        defer { claim.release() }
        try work.keepingAccount(of: scan.name) {
          guard let steps = try run(scan) else {
            return Terminal.report("kspace: \(scan.name) is there")
          }
          try Terminal.deliver("\(output)/\(scan.name): \(steps.joined(separator: ", "))")
        }
      } catch let owner as WorkClaim.Busy {
        busy += 1
        Terminal.report("kspace: \(owner)")
      } catch let request as Interruption.Request {
        throw request.signal == SIGTERM ? ExitCode(75) : request
      } catch {
        if case FileError.cannotWrite = error { throw error }
        failed += 1
        Terminal.report("kspace: \(scan.name): \(error)")
      }
    }
    if failed > 0 { throw ExitCode(4) }
    if busy > 0 { throw ExitCode(75) }
  }

  /// What is made of every scan, by the options here and those of the file.
  private func participantRun() throws -> ParticipantRun {
    let observer = running.observer()
    var run = ParticipantRun(of: dataset, to: output, observer: observer), atlas = atlas
    if let config {
      let options = try QSMConfiguration(at: config).arguments
      let command = try MapSusceptibility.parse([dataset, "--output", output] + options)
      guard !command.qsmCI, command.archive.dicom == nil else {
        throw InputError(
          config, "neither QSM-CI's contract nor DICOM is written here",
          remedy: "Remove qsm-ci and dicom from the file")
      }
      (run.images, run.susceptibility) = (command.images.reading, command.methods.options)
      run.configurationFiles = [config]
      let stated = run.images
      (run.reading.echoTimes, run.reading.fieldStrength) = (stated.echoTimes, stated.fieldStrength)
      run.reading.phaseSign = stated.phaseSign ?? run.reading.phaseSign
      atlas = atlas ?? command.atlas
    }
    run.atlas = try atlas.map { try AtlasRun(folder: $0, observer: observer) }
    run.reconstruction.method = method.choice
    if let phaseSign { (run.reading.phaseSign, run.images.phaseSign) = (phaseSign, phaseSign) }
    (run.replaces, run.command) = (running.force, CommandLine.arguments)
    return run
  }
}
