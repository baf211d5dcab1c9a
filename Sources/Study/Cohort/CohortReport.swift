import Evaluation
import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import Sampling

/// The cohort as one page that needs nothing else: what each acceleration costs the group, region by region.
public struct CohortReport {
  private let results: CohortResults
  private let folder: String
  private var statistics: CohortStatistics { results.statistics }

  /// Prepares the report.
  ///
  /// - Parameters:
  ///   - results: What the subjects gave.
  ///   - folder: The study's folder, which holds the first subject's images.
  public init(_ results: CohortResults, folder: String) {
    self.results = results
    self.folder = folder
  }

  /// The page.
  ///
  /// - Throws: ``FileError`` if the first subject's images are damaged.
  public func html() throws -> String {
    let summary = CohortSummary(statistics)
    var page = HTMLPage(
      title: "What acceleration costs a group of \(statistics.subjects)", top: top(summary))
    let plots = QualityPlots(statistics)
    page.heading(plots.heading)
    plots.write(to: &page)
    page.note("Means over subjects, each against the subject's own reference.")
    page.heading("Regions")
    RegionPages(statistics).write(to: &page)
    page.plots(CohortPlots(results).agreement.map(\.svg))
    page.heading("Age")
    AgingPage(statistics).write(to: &page)
    page.plots(CohortPlots(results).aging.map(\.svg))
    if !statistics.truth.isEmpty { TruthPage(statistics).write(to: &page) }
    try writePictures(to: &page)
    page.heading("Scores")
    writeScores(to: &page)
    writeOrigin(to: &page)
    return page.html
  }

  /// The first screen: the answer in words, the protocol, and what to beware of.
  private func top(_ summary: CohortSummary) -> String {
    let ages = statistics.ages
    var text = HTMLPage.paragraph(summary.headline, "headline") + HTMLPage.list(summary.sentences)
    let scan = results.records.first?.scanProtocol
    text += HTMLPage.facts(
      [
        ("Studied", StudyFolder.begun(folder) ?? "unknown"),
        ("Subjects", "\(statistics.subjects), \(ages.minimum.shortest) to \(ages.maximum.shortest) years"),
      ]
        + (scan?.lines ?? [])
        + [
          ("Scan time", statistics.cells[0].scanTime.map(AcquisitionTime.text) ?? "unknown"),
          ("Reference", statistics.reference.title),
        ])
    if !results.missing.isEmpty {
      text += HTMLPage.paragraph(results.lacking, "caution")
      text += HTMLPage.list(results.missing.map(\.description))
    }
    for caution in summary.cautions { text += HTMLPage.paragraph(caution, "caution") }
    return text
  }

  private func writeScores(to page: inout HTMLPage) {
    // The reference lacks ratios to itself.
    let names = (statistics.cells.dropFirst() + statistics.cells.prefix(1)).flatMap { $0.scores.map(\.name) }
      .reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let maps = names.filter { $0.hasPrefix("chi") }
    page.table(
      ["cell", "AF (grid)", "scan time"] + maps, rows(of: maps),
      caption: "Susceptibility: mean (smallest to largest) over subjects.")
    let images = names.filter { !$0.hasPrefix("chi") }
    page.table(
      ["cell", "AF (grid)", "scan time"] + images, rows(of: images),
      caption: "Magnitude and field: mean (smallest to largest) over subjects.")
    page.paragraph(results.records.first?.recipe.conventions.description(withMaps: true) ?? "")
  }

  private func rows(of scores: [String]) -> [[String]] {
    statistics.cells.map { cell in
      [
        cell.cell.title, CohortFormat.number(cell.gridAcceleration, 2),
        cell.scanTime.map(AcquisitionTime.text) ?? "-",
      ]
        + scores.map { name in
          guard let spread = cell.score(name), cell.cell != statistics.reference else { return "-" }
          let text = { CohortFormat.number($0, name.contains("PSNR") ? 2 : 3) }
          return "\(text(spread.mean)) (\(text(spread.minimum)) to \(text(spread.maximum)))"
        }
    }
  }

  /// The first subject's images.
  private func writePictures(to page: inout HTMLPage) throws {
    guard let first = results.records.first else { return }
    let store = CellStore(folder: "\(folder)/subjects/\(first.name)")
    // The images that are kept are those of the first subject, which may be missing.
    if !results.missing.isEmpty, store.record(of: first.rows[0].record.recipe) == nil { return }
    guard let map = try store.images(of: first.rows[0].record).susceptibility else { return }
    page.heading("One subject: \(first.name), \(first.age.shortest) years")
    try ImageViewer(first.results, mask: map[0].map { $0 != 0 }, images: store.images).write(to: &page)
  }

  /// What it takes to repeat it.
  private func writeOrigin(to page: inout HTMLPage) {
    guard let first = results.records.first else { return }
    page.heading("How it was made")
    page.paragraph(
      "\(first.recipe.software). Maps: \(first.recipe.mapping.map(\.description).joined(separator: "; ")). Mask seed \(first.recipe.masks.seed). The first subject's cells:"
    )
    page.table(
      ["cell", "positions", "AF (grid)", "mask"],
      first.rows.map { row in
        [
          row.cell.title, "\(row.record.positions)", CohortFormat.number(row.record.gridAcceleration, 3),
          row.record.maskChecksum,
        ]
      })
    page.details("What was assumed of the first subject, cell by cell") { page in
      for row in first.rows where !row.record.assumptions.isEmpty {
        page.subheading(row.cell.title)
        page.list(row.record.assumptions)
      }
    }
    page.details("Subjects") { page in
      page.table(
        ["subject", "age", "scan", "checksum", "options"],
        results.records.map { record in
          [
            record.name, record.age.shortest, record.recipe.input.name, record.recipe.input.checksum,
            record.recipe.input.options,
          ]
        }, holdsWords: true)
    }
  }
}
