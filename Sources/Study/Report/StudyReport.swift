import Evaluation
import Foundation
import ImageFiles
import MRIData
import NDArrays
import Sampling

/// The study as one page that needs nothing else: tables, plots, pictures of every cell, and how to repeat it.
public struct StudyReport {
  private let results: StudyResults
  private let mask: NDArray<Bool>
  private let images: (CellRecord) throws -> CellImages

  /// Prepares the report.
  ///
  /// - Parameters:
  ///   - results: The scores of all cells.
  ///   - mask: The voxels that counted.
  ///   - images: Finds the images of a cell.
  public init(
    _ results: StudyResults, mask: NDArray<Bool>, images: @escaping (CellRecord) throws -> CellImages
  ) {
    self.results = results
    self.mask = mask
    self.images = images
  }

  /// The page.
  ///
  /// - Throws: ``ImageFileError`` if the images of a cell are gone.
  public func html() throws -> String {
    let reference = results.reference.cell.title
    var page = HTMLPage(
      title: "What acceleration costs: \(results.input.name)",
      introduction: """
        One scan, undersampled by Poisson-disk masks and reconstructed in several ways. Every row is compared with \
        \(reference), which stands for the truth here: a perfect score means equal to it, noise included.
        """)
    page.heading("Scores")
    let table = results.knownTable
    page.table(table[0], Array(table.dropFirst()), caption: results.conventions.description)
    page.paragraph("\(results.maskedVoxels) voxels were compared.")
    page.plots(QualityPlots(results).plots)
    if results.rows.contains(where: { !$0.regions.isEmpty }) { RegionTables(results).write(to: &page) }
    page.heading("Images")
    try CellPictures(results, mask: mask, images: images).write(to: &page)
    page.heading("How it was made")
    page.table(
      ["cell", "positions", "AF (grid)", "mask", "seed"],
      results.rows.map { row in
        [
          row.cell.name, "\(row.record.positions)", String(format: "%.3f", row.record.gridAcceleration),
          row.record.maskChecksum, row.record.recipe.mask.map { "\($0.seed)" } ?? "-",
        ]
      })
    page.paragraph(
      "\(results.input.name), \(results.input.bytes) bytes, checksum \(results.input.checksum); "
        + "KSpaceToolkit \(results.reference.record.recipe.software). Maps: \(results.reference.record.recipe.maps)."
    )
    for row in results.rows where !row.record.assumptions.isEmpty {
      page.subheading(row.cell.title)
      page.list(row.record.assumptions)
    }
    return page.html
  }
}

/// Scores against acceleration and against minutes.
struct QualityPlots {
  private let results: StudyResults

  init(_ results: StudyResults) { self.results = results }

  var plots: [Plot] {
    let scores: [(String, (CellScores) -> Double?)] = [
      ("SSIM of magnitude", { $0.magnitudeSSIM }), ("NRMSE of magnitude", { $0.magnitudeNRMSE }),
      ("field error, median [Hz]", { $0.fieldErrorMedian }),
      ("XSIM of susceptibility", { $0.susceptibilityXSIM }),
    ]
    var plots: [Plot] = []
    for (name, score) in scores {
      plots += [
        plot(name, against: "acceleration (grid over acquired)", score) { $0.record.gridAcceleration },
        plot(name, against: "scan time [min]", score) { $0.record.scanTime.map { $0 / 60 } },
      ].compactMap(\.self)
    }
    return plots
  }

  /// One line per method; `nil` if there is nothing to draw.
  private func plot(
    _ name: String, against axis: String, _ score: (CellScores) -> Double?,
    _ abscissa: (StudyResults.Row) -> Double?
  ) -> Plot? {
    var plot = Plot(title: name, x: axis, y: name)
    for method in methods {
      let points = results.rows.dropFirst().filter { $0.cell.method == method }.compactMap { row in
        abscissa(row).flatMap { x in score(row.scores).map { SIMD2(x, $0) } }
      }
      if !points.isEmpty {
        plot.series.append(
          Plot.Series(name: method, points: points.sorted { $0.x < $1.x }, isJoined: true))
      }
    }
    return plot.series.isEmpty ? nil : plot
  }

  private var methods: [String] {
    results.rows.dropFirst().map(\.cell.method).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
