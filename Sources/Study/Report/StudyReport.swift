import Evaluation
import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import Sampling

/// The study as one page that needs nothing else: the answer, plots, pictures of every cell, and how to repeat it.
public struct StudyReport {
  private let outcome: ScanStudy.Outcome
  private let images: (CellRecord) throws -> CellImages
  private var results: StudyResults { outcome.results }

  /// Prepares the report.
  ///
  /// - Parameters:
  ///   - outcome: The scores of all cells, and what they were taken from.
  ///   - images: Finds the images of a cell.
  public init(_ outcome: ScanStudy.Outcome, images: @escaping (CellRecord) throws -> CellImages) {
    self.outcome = outcome
    self.images = images
  }

  /// The page.
  ///
  /// - Throws: ``FileError`` if the images of a cell are gone.
  public func html() throws -> String {
    let viewer = try ImageViewer(results, mask: outcome.mask, labels: outcome.regions?.volume, images: images)
    var page = HTMLPage(title: "What acceleration costs: \(results.input.name)", top: try top(viewer))
    if results.rows.count > 1 {
      let plots = QualityPlots(results)
      page.heading(plots.heading)
      plots.write(to: &page)
    }
    page.heading("Images")
    try viewer.write(to: &page)
    if results.rows.contains(where: { !$0.regions.isEmpty }) {
      try RegionTables(results).write(to: &page)
    }
    page.heading("Scores")
    var table = results.knownTable
    for (index, row) in results.rows.enumerated() { table[index + 1][0] = row.cell.title }
    page.table(table[0], Array(table.dropFirst()))
    let hasMaps = results.rows.contains { $0.scores.susceptibilitySSIM != nil }
    page.note(
      "\(results.maskedVoxels) voxels were compared. " + results.conventions.description(withMaps: hasMaps))
    page.heading("How it was made")
    page.paragraph(introduction)
    StudyOrigin(results).write(to: &page)
    return page.html
  }

  /// The first screen: the answer in words, a picture, the protocol, and what to beware of.
  private func top(_ viewer: ImageViewer) throws -> String {
    let summary = StudySummary(results)
    var text = "<div class=\"answer\"><div>\n" + HTMLPage.paragraph(summary.headline, "headline")
    text += HTMLPage.list(summary.sentences) + "</div>\n"
    if let shown = summary.shown { text += try viewer.glance(at: shown) }
    text += "</div>\n"
    text += HTMLPage.facts(
      [("Studied", results.begun ?? "unknown")] + (results.scanProtocol?.lines ?? [])
        + [
          ("Scan time", results.reference.record.scanTime.map(AcquisitionTime.text) ?? "unknown"),
          ("Reference", results.reference.cell.title),
        ])
    for remark in [summary.caution] + results.remarks { text += HTMLPage.paragraph(remark, "caution") }
    return text
  }

  private var introduction: String {
    let reference = results.reference.cell.title
    let kinds = [
      results.rows.contains { $0.cell.acceleration != nil }
        ? "the scan, undersampled by Poisson-disk masks as if it had been accelerated" : nil,
      results.rows.contains { $0.cell.scan != nil }
        ? "scans that were accelerated when they were measured" : nil,
    ].compactMap(\.self)
    let times =
      results.rows.contains { $0.record.scanTime != nil }
      ? " Scan times are counted from the samples, averages included." : ""
    return """
      Compared are \(kinds.isEmpty ? "reconstructions of one scan" : kinds.joined(separator: ", and ")), each \
      reconstructed in several ways. Every row is compared with "\(reference)", which stands for the truth here: a \
      perfect score means equal to it, noise included.\(times)
      """
  }
}

/// All that the results of a study follow from.
struct StudyOrigin {
  private let results: StudyResults

  init(_ results: StudyResults) { self.results = results }

  func write(to page: inout HTMLPage) {
    page.table(
      ["cell", "scan", "positions", "AF (grid)", "mask", "calibration", "shutter", "seed"],
      results.rows.map { row in
        let choice = row.record.recipe.mask
        return [
          row.cell.title, row.record.recipe.input.name, "\(row.record.positions)",
          String(format: "%.3f", row.record.gridAcceleration), row.record.maskChecksum,
          choice.map { $0.calibration.map { "\($0.lines)x\($0.partitions)" } ?? "24x24 at most" }
            ?? "as measured",
          choice.map { $0.shutter.rawValue } ?? "as measured", choice.map { "\($0.seed)" } ?? "-",
        ]
      })
    var inputs: [StudyInput] = []
    for input in results.rows.map(\.record.recipe.input) where !inputs.contains(input) {
      inputs.append(input)
    }
    page.table(
      ["file", "bytes", "SHA-256"], inputs.map { [$0.name, "\($0.bytes)", $0.checksum] }, holdsWords: true)
    let recipe = results.reference.record.recipe
    page.paragraph(
      "KSpaceToolkit \(recipe.software). Susceptibility was mapped within: \(recipe.region ?? "nothing").")
    var methods: [String] = []
    for row in results.rows {
      let recipe = row.record.recipe
      let stages = recipe.mapping.map { "susceptibility: \($0)" }
      for text in ["\(row.cell.method): \(recipe.method)", "combination: \(recipe.combination)"] + stages
      where !methods.contains(text) { methods.append(text) }
    }
    page.details("Methods and their parameters") { $0.list(methods) }
    let remarks = results.rows.map { row in
      let motion = row.record.motion.map { ["moved onto the reference by \($0.summary)"] } ?? []
      return (row.cell.title, motion + row.record.assumptions)
    }.filter { !$0.1.isEmpty }
    guard !remarks.isEmpty else { return }
    page.details("What was assumed, cell by cell") { page in
      for (title, remarks) in remarks {
        page.subheading(title)
        page.list(remarks)
      }
    }
  }
}
