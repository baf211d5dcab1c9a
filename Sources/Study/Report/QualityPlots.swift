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
