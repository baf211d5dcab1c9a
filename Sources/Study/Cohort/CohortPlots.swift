import Evaluation

/// The plots of a cohort: agreement cell by cell, age region by region.
struct CohortPlots {
  private let results: CohortResults
  private var statistics: CohortStatistics { results.statistics }

  init(_ results: CohortResults) { self.results = results }

  /// For each cell, correlation and Bland-Altman plot; one colour a region, and one range for all cells.
  var agreement: [Plot] {
    let all = statistics.cells.indices.map { cell in
      statistics.regions.indices.flatMap { values($0, cell).map { 1000 * $0 } }
    }
    let scale = AxisScale(all.flatMap { $0 })
    let differences = all.dropFirst().flatMap { zip($0, all[0]).map { $0 - $1 } }
    let limits = statistics.pooled.compactMap(\.agreement).flatMap { [$0.lowerLimit, $0.upperLimit] }
    let up = AxisScale(differences + limits.map { 1000 * $0 })
    return statistics.cells.indices.dropFirst().flatMap { cell -> [Plot] in
      let title = statistics.cells[cell].cell.title, reference = statistics.reference.title
      var correlation = Plot(
        title: "\(title) against \(reference)", x: "\(reference) [ppb]", y: "\(title) [ppb]")
      correlation.hasEqualAxes = true
      correlation.up = scale
      correlation.guides = [.identity]
      var difference = Plot(
        title: "Bland-Altman: \(title)", x: "mean of both [ppb]", y: "\(title) - \(reference) [ppb]")
      difference.across = scale
      difference.up = up
      if let limits = statistics.pooled[cell - 1].agreement {
        difference.guides = [
          .horizontal(1000 * limits.bias, label: "mean"),
          .horizontal(1000 * limits.lowerLimit, label: "95 % limits"),
          .horizontal(1000 * limits.upperLimit, label: "95 % limits"),
        ]
      }
      for (index, name) in statistics.regions.enumerated() {
        let region = DeepNucleus.title(of: name)
        let pairs = zip(values(index, 0), values(index, cell)).map { (1000 * $0, 1000 * $1) }
        correlation.series.append(.init(name: region, points: pairs.map { SIMD2($0, $1) }))
        difference.series.append(.init(name: region, points: pairs.map { SIMD2(($0 + $1) / 2, $1 - $0) }))
      }
      return [correlation, difference]
    }
  }

  /// For each region, susceptibility over age; one colour a cell, and each cell's line.
  var aging: [Plot] {
    statistics.regions.enumerated().map { index, region in
      var plot = Plot(
        title: "\(DeepNucleus.title(of: region)) and age", x: "age [years]", y: "susceptibility [ppb]")
      for (cell, summary) in statistics.cells.enumerated() {
        let points = zip(results.records, values(index, cell)).map { SIMD2($0.age, 1000 * $1) }
        plot.series.append(.init(name: summary.cell.title, points: points))
        if let line = statistics.aging(of: region, in: summary.cell)?.regression {
          plot.guides.append(.line(slope: 1000 * line.slope, intercept: 1000 * line.intercept))
        }
      }
      return plot
    }
  }

  private func values(_ region: Int, _ cell: Int) -> [Double] {
    results.records.map { $0.rows[cell].regions[region].mean }
  }
}
