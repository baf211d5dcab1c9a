import Evaluation
import Foundation

/// What becomes of the regions' susceptibilities: differences, agreement and values.
struct RegionTables {
  private let results: StudyResults
  private let summary: StudySummary

  init(_ results: StudyResults) {
    self.results = results
    summary = StudySummary(results)
  }

  func write(to page: inout HTMLPage) throws {
    page.heading("Regions")
    let truth = results.reference.regions,
      methods = StudySummary.methods(of: results.rows.dropFirst().map(\.cell))
    let titles = summary.counted.map { DeepNucleus.title(of: truth[$0].name) }
    let groups = summary.measurements.map { name, rows in
      (
        name,
        rows.map { row in
          DotPlot.Series(
            name: row.cell.methodTitle, color: methods.firstIndex(of: row.cell.method) ?? 0,
            changes: summary.counted.map { RegionChange(row.regions[$0], from: truth[$0]) })
        }
      )
    }
    let scale = DotPlot.scale(groups.flatMap(\.1), band: StudySummary.aim)
    page.plots(
      groups.map { name, series in
        DotPlot(
          title: "\(name): difference from the reference", axis: "difference of the mean susceptibility [%]",
          regions: titles, series: series, band: StudySummary.aim, scale: scale
        ).svg
      })
    page.note(
      """
      Dots: how far a region's mean is from that of \(results.reference.cell.title), in percent of it; the band holds \
      \(StudySummary.aim.shortest) % to both sides. Bars: 95 % interval of the mean of the voxels' differences, as if voxels \
      erred independently; neighbours do not, so that true intervals are wider.
      """)
    try agreement(to: &page)
    page.details("All values") { page in
      page.table(
        ["region", "voxels"] + results.rows.map(\.cell.title),
        truth.indices.map { index in
          [DeepNucleus.title(of: truth[index].name), "\(truth[index].voxels)"]
            + results.rows.map { row in
              let region = row.regions[index]
              return String(format: "%.1f (%.1f)", 1000 * region.mean, 1000 * region.standardDeviation)
            }
        },
        caption: "Susceptibility [ppb]: mean (standard deviation over voxels), where the reference has a map."
      )
    }
  }

  /// Bland-Altman plots, all with one range, and their numbers.
  private func agreement(to page: inout HTMLPage) throws {
    let truth = summary.counted.map { results.reference.regions[$0] }
    guard truth.count > 2 else { return }
    let expected = truth.map { 1000 * $0.mean },
      methods = StudySummary.methods(of: results.rows.dropFirst().map(\.cell))
    let cells = try results.rows.dropFirst().map { row in
      let values = summary.counted.map { 1000 * row.regions[$0].mean }
      return (row, values, try BlandAltman(values, expected))
    }
    let across = AxisScale(cells.flatMap { $0.2.means })
    let up = AxisScale(cells.flatMap { $0.2.differences + [$0.2.lowerLimit, $0.2.upperLimit, 0] })
    let plots = summary.measurements.map { name, rows in
      var plot = Plot(
        title: "Bland-Altman: \(name)", x: "mean of both [ppb]", y: "cell less reference [ppb]")
      plot.across = across
      plot.up = up
      plot.guides = [.horizontal(0, label: "")]
      // Colours are those of the methods in all plots.
      plot.series = methods.compactMap { method in
        let own = cells.first { $0.0.cell.method == method && rows.contains($0.0) }
        return own.map { row, _, limits in
          Plot.Series(
            name: row.cell.methodTitle, points: zip(limits.means, limits.differences).map { SIMD2($0, $1) })
        }
      }
      return plot.svg
    }
    page.subheading("Agreement over \(summary.noun)")
    page.plots(plots)
    page.table(
      ["cell", "r (95 %)", "slope (95 %)", "bias (95 %) [ppb]", "limits of agreement [ppb]"],
      cells.map { row, values, limits in
        [row.cell.title] + correlated(values, expected) + [
          String(
            format: "%.2f (%.2f to %.2f)", limits.bias, limits.biasInterval.lower, limits.biasInterval.upper),
          String(format: "%.2f to %.2f", limits.lowerLimit, limits.upperLimit),
        ]
      },
      caption:
        "\(truth.count) \(summary.noun) of one subject, each one point: Pearson's r, least squares, and Bland and Altman's limits. They tell how the \(summary.noun) keep their order, and nothing of a group."
    )
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
