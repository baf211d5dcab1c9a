/// Scores against minutes, or against acceleration where no repetition time is known.
struct QualityPlots {
  /// One way of measuring with its scores.
  struct Point {
    var cell: StudyCell
    /// The scan time [s].
    var time: Double?
    /// Full grid over acquired positions.
    var acceleration: Double
    /// The scores, in the order of ``QualityPlots/names``.
    var scores: [Double?]
  }

  /// What is scored: the identifiers in the page, and the names.
  private static let names = [
    ("score-xsim", "XSIM of susceptibility"), ("score-ssim", "SSIM of magnitude"),
    ("score-nrmse", "NRMSE of magnitude"), ("score-field", "field error, median [Hz]"),
  ]

  private let reference: Point
  private let points: [Point]

  /// The scores of a single study.
  init(_ results: StudyResults) {
    let points = results.rows.map { row in
      let scores = row.scores
      return Point(
        cell: row.cell, time: row.record.scanTime, acceleration: row.record.gridAcceleration,
        scores: [
          scores.susceptibilityXSIM, scores.magnitudeSSIM, scores.magnitudeNRMSE, scores.fieldErrorMedian,
        ])
    }
    (reference, self.points) = (points[0], Array(points.dropFirst()))
  }

  /// The mean scores of a group.
  init(_ statistics: CohortStatistics) {
    let points = statistics.cells.map { cell in
      Point(
        cell: cell.cell, time: cell.scanTime, acceleration: cell.gridAcceleration,
        scores: ["chi XSIM", "SSIM", "NRMSE", "field error [Hz]"].map { cell.score($0)?.mean })
    }
    (reference, self.points) = (points[0], Array(points.dropFirst()))
  }

  /// Whether all times are known.
  private var isTimed: Bool { ([reference] + points).allSatisfy { $0.time != nil } }

  /// What stands above the plot.
  var heading: String { "Quality and \(isTimed ? "minutes" : "acceleration")" }

  /// Writes the plot, with a choice of what is scored; the score that matters most first.
  func write(to page: inout HTMLPage) {
    let plots = Self.names.indices.compactMap { score in
      plot(score).map { (id: Self.names[score].0, name: Self.names[score].1, plot: $0) }
    }
    guard !plots.isEmpty else { return }
    page.style(
      plots.map { ".main:has(#\($0.id):checked) .metric.\($0.id) { display: block }\n" }.joined())
    page.markup("<div class=\"main\">\n<div class=\"choices\">\n")
    page.markup(HTMLPage.choice("score", "Quality", plots.map { ($0.id, $0.name) }) + "</div>\n")
    for (id, _, plot) in plots { page.markup("<figure class=\"metric \(id)\">\(plot.svg)</figure>\n") }
    page.markup("</div>\n")
  }

  /// One line per method; `nil` if there is nothing to draw.
  private func plot(_ score: Int) -> Plot? {
    func place(_ point: Point) -> Double { isTimed ? (point.time ?? 0) / 60 : point.acceleration }
    let name = Self.names[score].1
    var plot = Plot(
      title: "\(name) against \(isTimed ? "minutes" : "acceleration")",
      x: isTimed ? "scan time [min]" : "acceleration (grid over acquired)", y: name)
    plot.guides = [.vertical(place(reference), label: "reference")]
    for method in StudySummary.methods(of: points.map(\.cell)) {
      let own = points.filter { $0.cell.method == method && $0.scores[score] != nil }
        .sorted { place($0) < place($1) }
      guard let first = own.first else { continue }
      // The names of the measurements once, beside the first method.
      plot.series.append(
        Plot.Series(
          name: first.cell.methodTitle, points: own.map { SIMD2(place($0), $0.scores[score] ?? .nan) },
          isJoined: true, labels: plot.series.isEmpty ? own.map(\.cell.measurement) : []))
    }
    return plot.series.isEmpty ? nil : plot
  }
}

extension StudySummary {
  /// The methods of cells in their order, which is that of their colours.
  static func methods(of cells: [StudyCell]) -> [String] {
    cells.map(\.method).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
