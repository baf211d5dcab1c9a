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
    let subjects = try source.subjects(reading, scratch: "\(output)/.partial-scan.h5")
    Interruption.postpone()
    let used = Set(methods.methods + [reference.method])
    var study = CohortStudy(
      methods: Dictionary(
        uniqueKeysWithValues: try used.map {
          ($0.rawValue, try $0.method(.estimated(ESPIRiT()), network, window))
        }),
      cells: cells, reference: reference.cell, folder: output)
    study.masks = MaskChoice(calibration: calibration, shutter: shutter, seed: seed)
    study.software = try software(used)
    study.keepsImages = keepImages
    try FileManager.default.createDirectory(
      atPath: "\(output)/subjects", withIntermediateDirectories: true)
    let results = try study.run(subjects) { step in
      try Interruption.check()
      progress.report(
        "\(step.index + 1)/\(step.count) \(step.cell?.cell.name ?? "scan")", step.fraction)
    }
    try results.write(to: output)
    let page = try CohortReport(results, folder: output).html()
    try page.write(toStudyFile: "\(output)/report.html")
    try Terminal.deliver(results.text + "\n\n\(output)/report.html: the whole cohort on one page")
  }

  /// The program, and the weights of a network that is used.
  private func software(_ methods: Set<ReconstructionMethod>) throws -> String {
    let program = "KSpaceToolkit \(KSpaceVersion.text)"
    guard methods.contains(.reconNet) else { return program + windowAccount }
    return "\(program), \(try network.account())\(windowAccount)"
  }
}
