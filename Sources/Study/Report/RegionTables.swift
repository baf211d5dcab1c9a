import Evaluation
import Foundation

/// What becomes of the regions' susceptibilities: values, correlation and agreement with the reference.
struct RegionTables {
  private let results: StudyResults

  init(_ results: StudyResults) { self.results = results }

  func write(to page: inout HTMLPage) {
    page.heading("Regions")
    let truth = results.reference.regions
    page.table(
      ["region", "voxels"] + results.rows.map(\.cell.name),
      truth.indices.map { index in
        [truth[index].name, "\(truth[index].voxels)"]
          + results.rows.map { String(format: "%.1f", 1000 * $0.regions[index].mean) }
      }, caption: "Mean susceptibility [ppb].")
    let others = results.rows.dropFirst()
    guard !others.isEmpty, truth.count > 1 else { return }
    var correlation = Plot(
      title: "Regions against \(results.reference.cell.name)", x: "reference [ppb]", y: "accelerated [ppb]")
    correlation.hasEqualAxes = true
    correlation.guides = [.identity]
    var agreement = Plot(
      title: "Bland-Altman", x: "mean of both [ppb]", y: "accelerated - reference [ppb]")
    agreement.guides = [.horizontal(0, label: "")]
    for row in others {
      let pairs = zip(truth, row.regions).map { (1000 * $0.mean, 1000 * $1.mean) }
      correlation.series.append(.init(name: row.cell.name, points: pairs.map { SIMD2($0.0, $0.1) }))
      agreement.series.append(
        .init(name: row.cell.name, points: pairs.map { SIMD2(($0.0 + $0.1) / 2, $0.1 - $0.0) }))
    }
    page.plots([correlation, agreement])
  }
}
