import Foundation
import KSpaceToolkit

extension StudyCommand {
  /// Studies a cohort: every subject like a single scan, then the statistics over all.
  func runCohort(at path: String) throws {
    let progress = running.begin()
    let source = try CohortSource(at: path, labelNames: regions.labelNames)
    let files = try source.files()
    try StudyFolder.check(output)
    let reference = reference ?? CellArgument(StudyCell(method: ReconstructionMethod.zeroFilled.rawValue))
    let cells = methods.methods.flatMap { method in
      (accelerations?.numbers ?? Self.usualAccelerations).map {
        StudyCell(method: method.rawValue, acceleration: $0)
      }
    }.filter { $0 != reference.cell }
    let simulated = files.count { $0 == nil }
    Terminal.report(
      "kspace: \(counted(source.count, "subject")), \(simulated) of them simulated, "
        + "\(counted(cells.count, "cell")) each against \(reference.cell.title).")
    if running.dryRun { return }

    progress.report("looking for scans", 0)
    let subjects = try source.subjects(
      options: reading.options, ignoringAffine: regions.ignoreAffine, opening: reading.open)
    Interruption.postpone()
    let used = Set(methods.methods + [reference.method])
    var study = CohortStudy(
      methods: try reconstructions(used), cells: cells, reference: reference.cell, folder: output)
    study.masks = MaskChoice(
      calibration: calibration, shutter: shutter, seed: seed, isComplementary: complementary)
    study.software = "KSpaceToolkit \(ToolkitVersion.text)"
    study.keepsImages = keepImages
    study.replacesOthers = running.force
    try StudyFolder.begin(output)
    let lock = try FolderLock(output)
    defer { _ = lock }
    let results = try study.run(subjects) { step in
      try Interruption.check()
      progress.report(
        "\(step.index + 1)/\(step.count) \(step.cell?.cell.name ?? "scan")", step.fraction)
    }
    try results.write(to: output)
    try AtomicFile.write(CohortReport(results, folder: output).html(), to: "\(output)/report.html")
    try Terminal.deliver(results.text + "\n\n\(output)/report.html: the whole cohort on one page")
  }
}
