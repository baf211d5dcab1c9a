import Evaluation
import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import Sampling

/// The study as one page that needs nothing else: tables, plots, pictures of every cell, and how to repeat it.
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
    var page = HTMLPage(title: "What acceleration costs: \(results.input.name)", introduction: introduction)
    page.list(results.remarks)
    page.heading("Scores")
    let table = results.knownTable
    page.table(table[0], Array(table.dropFirst()))
    let hasMaps = results.rows.contains { $0.scores.susceptibilitySSIM != nil }
    page.paragraph(
      "\(results.maskedVoxels) voxels were compared. " + results.conventions.description(withMaps: hasMaps))
    page.plots(QualityPlots(results).plots)
    if results.rows.contains(where: { !$0.regions.isEmpty }) {
      try RegionTables(results).write(to: &page)
    }
    page.heading("Images")
    try CellPictures(
      results, mask: outcome.mask, anatomy: outcome.regions?.volume.anatomy, images: images
    ).write(to: &page)
    page.heading("How it was made")
    provenance(&page)
    return page.html
  }

  private var introduction: String {
    let reference = results.reference.cell.title
    let kinds = [
      results.rows.contains { $0.cell.acceleration != nil }
        ? "the scan, undersampled by Poisson-disk masks as if it had been accelerated" : nil,
      results.rows.contains { $0.cell.scan != nil }
        ? "scans that were accelerated when they were measured" : nil,
    ].compactMap(\.self)
    return """
      Compared are \(kinds.isEmpty ? "reconstructions of one scan" : kinds.joined(separator: ", and ")), each \
      reconstructed in several ways. Every row is compared with "\(reference)", which stands for the truth here: a \
      perfect score means equal to it, noise included. Scan times are counted from the samples.
      """
  }

  /// All that the results follow from.
  private func provenance(_ page: inout HTMLPage) {
    page.table(
      ["cell", "scan", "positions", "AF (grid)", "mask", "calibration", "shutter", "seed"],
      results.rows.map { row in
        let choice = row.record.recipe.mask
        return [
          row.cell.name, row.record.recipe.input.name, "\(row.record.positions)",
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
      ["file", "bytes", "SHA-256"], inputs.map { [$0.name, "\($0.bytes)", $0.checksum] })
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
    page.subheading("Methods and their parameters")
    page.list(methods)
    for row in results.rows {
      let motion = row.record.motion.map { ["moved onto the reference by \($0.summary)"] } ?? []
      let remarks = motion + row.record.assumptions
      if !remarks.isEmpty { page.subheading(row.cell.title) }
      page.list(remarks)
    }
  }
}
