import Evaluation
import Foundation

/// What becomes of the regions' susceptibilities: values, correlation and agreement with the reference.
struct RegionTables {
  private let results: StudyResults

  init(_ results: StudyResults) { self.results = results }

  func write(to page: inout HTMLPage) throws {
    page.heading("Regions")
    let truth = results.reference.regions
    page.table(
      ["region", "voxels"] + results.rows.map(\.cell.name),
      truth.indices.map { index in
        [truth[index].name, "\(truth[index].voxels)"]
          + results.rows.map { row in
            let region = row.regions[index]
            return String(format: "%.1f (%.1f)", 1000 * region.mean, 1000 * region.standardDeviation)
          }
      },
      caption: "Susceptibility [ppb]: mean (standard deviation over voxels), where the reference has a map.")
    let others = results.rows.dropFirst()
    guard !others.isEmpty, truth.count > 2 else { return }
    var correlation = Plot(
      title: "Regions against \(results.reference.cell.name)", x: "reference [ppb]", y: "accelerated [ppb]")
    correlation.hasEqualAxes = true
    correlation.guides = [.identity]
    var agreement: [Plot] = []
    var statistics: [[String]] = []
    for row in others {
      let values = row.regions.map { 1000 * $0.mean }, expected = truth.map { 1000 * $0.mean }
      correlation.series.append(
        .init(name: row.cell.name, points: zip(expected, values).map { SIMD2($0, $1) }))
      let limits = try BlandAltman(values, expected)
      var plot = Plot(
        title: "Bland-Altman: \(row.cell.name)", x: "mean of both [ppb]", y: "accelerated - reference [ppb]")
      plot.guides = [
        .horizontal(limits.bias, label: "bias"),
        .horizontal(limits.upperLimit, label: "+1.96 sd"),
        .horizontal(limits.lowerLimit, label: "-1.96 sd"),
      ]
      plot.series.append(
        .init(name: "", points: zip(limits.means, limits.differences).map { SIMD2($0, $1) }))
      agreement.append(plot)
      statistics.append(
        [row.cell.name] + correlated(values, expected) + [
          String(
            format: "%.2f (%.2f to %.2f)", limits.bias, limits.biasInterval.lower, limits.biasInterval.upper),
          String(format: "%.2f to %.2f", limits.lowerLimit, limits.upperLimit),
        ])
    }
    page.table(
      ["cell", "r (95 %)", "slope (95 %)", "bias (95 %) [ppb]", "limits of agreement [ppb]"], statistics,
      caption:
        "\(truth.count) regions, each one point: Pearson's r, least squares, and Bland and Altman's limits."
    )
    page.plots([correlation] + agreement)
  }

  /// Correlation and slope in words; dashes where they are not defined, as for equal values.
  private func correlated(_ values: [Double], _ expected: [Double]) -> [String] {
    guard let pearson = try? PearsonCorrelation(expected, values),
      let line = try? LinearRegression(expected, values)
    else { return ["-", "-"] }
    return [
      String(format: "%.3f (%.3f to %.3f)", pearson.r, pearson.interval.lower, pearson.interval.upper),
      String(format: "%.3f (%.3f to %.3f)", line.slope, line.slopeInterval.lower, line.slopeInterval.upper),
    ]
  }
}
