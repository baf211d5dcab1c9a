import ArgumentParser
import Foundation
import KSpaceToolkit

extension StudyCommand {
  /// The group of a study, how each subject is studied, and where.
  private struct Cohort {
    let source: CohortSource
    var study: CohortStudy
    let work: WorkFolder
    /// The cells of each subject, the reference first.
    let cells: [StudyCell]
  }

  private func cohort(at path: String) throws -> Cohort {
    let reference = reference?.cell ?? StudyCell(method: ReconstructionMethod.zeroFilled.rawValue)
    let others = retrospectiveCells.filter { $0 != reference }
    var study = CohortStudy(
      methods: try reconstructions(of: [reference] + others), cells: others,
      reference: reference, folder: output)
    study.masks = maskChoice
    study.software = "KSpaceToolkit \(ToolkitVersion.text)"
    study.keepsImages = keepImages
    study.mapping = try mapping
    study.replacesOthers = running.force
    return Cohort(
      source: try CohortSource(at: path, labelNames: regions.labelNames), study: study,
      work: WorkFolder(of: output), cells: [reference] + others)
  }

  /// The subjects of a part, or all.
  private func subjects(
    of cohort: Cohort, _ shard: StudyShard = StudyShard(0, of: 1)
  ) throws -> [(index: Int, subject: CohortSubject)] {
    try cohort.source.subjects(
      of: shard, cells: cohort.cells.count, options: reading.options, ignoringAffine: regions.ignoreAffine,
      checksum: cohort.work.checksum, opening: reading.open)
  }

  /// Studies a cohort: every subject like a single scan, then the statistics over all.
  func runCohort(at path: String) throws {
    let progress = running.begin(), share = try sharing.share()
    try StudyFolder.check(output)
    let cohort = try cohort(at: path), source = cohort.source
    Terminal.report(
      "kspace: \(counted(source.count, "subject")), \(source.simulatedCount) of them simulated, "
        + "\(counted(cohort.cells.count - 1, "cell")) each against \(cohort.cells[0].title).")
    if running.dryRun || sharing.plan { return try sharing.deliver(cohortPlan()) }
    // All files are looked for before any is read; one of many processes looks for its own.
    if sharing.shard == nil { _ = try source.files() }
    if share != .nothing {
      try StudyFolder.begin(output, version: cohort.study.software, replacing: running.force)
      try cohort.work.note(
        subjects: source.subjectNames, cells: cohort.cells, masks: maskChoice, replacing: running.force)
    }
    progress.report("looking for scans", 0)
    var shown = ""
    func show(_ step: CohortStudy.Progress) throws {
      try Interruption.check()
      let unit = step.cell.map { StudyUnit(subject: step.subject, cell: $0.cell).name } ?? step.subject
      if sharing.shard != nil, !Terminal.isInteractive, running.progress == nil, unit != shown {
        Terminal.report("kspace: \(unit)\(step.cell?.isFound == true ? " is there" : "")")
        shown = unit
      }
      progress.report("\(step.index + 1)/\(step.count) \(step.cell?.cell.name ?? "scan")", step.fraction)
    }
    if case .shard(let shard) = share {
      let own = try subjects(of: cohort, shard)
      sharing.postponeInterruption()
      return try sharing.end(
        shard, of: output, cohort.study.make(shard, of: own, among: source.count, progress: show))
    }
    let all = try subjects(of: cohort).map(\.subject)
    sharing.postponeInterruption()
    let claim = try cohort.work.claimReport()
    defer { claim.release() }
    let results = try cohort.study.run(all, share: share, progress: show)
    try results.write(to: output)
    try AtomicFile.write(CohortReport(results, folder: output).html(), to: "\(output)/report.html")
    try Terminal.deliver(results.text + "\n\n\(output)/report.html: the whole cohort on one page")
    if !results.missing.isEmpty { throw ExitCode(4) }
  }

  /// All units of the cohort, and what they take.
  ///
  /// - Throws: As the study itself before anything is computed.
  func cohortPlan() throws -> StudyPlan {
    let cohort = try cohort(at: cohort ?? "")
    _ = try cohort.source.files()
    let isThere = FileManager.default.fileExists(atPath: output)
    let missing = try isThere ? cohort.study.missing(of: subjects(of: cohort).map(\.subject)) : nil
    return try cohort.study.plan(
      of: cohort.source, options: reading.options, missing: missing, opening: reading.open)
  }
}
