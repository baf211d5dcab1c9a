import Files
import Foundation

/// A plot of points and lines as SVG, with axes at round numbers.
///
///     var plot = Plot(title: "Quality", x: "acceleration", y: "NRMSE")
///     plot.series.append(.init(name: "GRAPPA", points: points, isJoined: true))
///     let svg = plot.svg
struct Plot {
  /// Points of one kind.
  struct Series {
    /// What the legend says; empty for none.
    var name: String
    /// The points, `(x, y)`.
    var points: [SIMD2<Double>]
    /// Whether a line joins the points in their order.
    var isJoined = false
    /// Labels beside the points; empty, or one for each.
    var labels: [String] = []
  }

  /// A straight line across the plot.
  enum Guide {
    /// `y = x`.
    case identity
    /// `y` constant.
    case horizontal(Double, label: String)
    /// `x` constant.
    case vertical(Double, label: String)
    /// `y = intercept + slope x`.
    case line(slope: Double, intercept: Double)
  }

  var title: String
  var x: String
  var y: String
  var series: [Series] = []
  var guides: [Guide] = []
  /// Whether both axes have the same range, as a comparison of two measurements needs.
  var hasEqualAxes = false
  /// The ranges of the axes, for plots that are compared; those of the points unless given.
  var across: AxisScale?, up: AxisScale?

  init(title: String, x: String, y: String) {
    self.title = title
    self.x = x
    self.y = y
  }

  private static let size = SIMD2<Double>(430, 330)
  /// Distances from the edges to the axes; above them stand the title and the rows of the legend.
  private var margins: (left: Double, top: Double, right: Double, bottom: Double) {
    (left: 66, top: 34 + 14 * Double(legend.rows.count), right: 16, bottom: 50)
  }
  /// Colours that people with any colour vision tell apart (Okabe and Ito).
  static let palette = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d3b", "#808080",
  ]

  /// The plot as an SVG element.
  var svg: String {
    let points = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    var across = across ?? AxisScale(points.map(\.x) + guidePlaces)
    let up = up ?? AxisScale(hasEqualAxes ? points.flatMap { [$0.x, $0.y] } : points.map(\.y) + guideLevels)
    if hasEqualAxes { across = up }
    let frame = PlotFrame(across: across, up: up, size: Self.size, margins: margins)
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.size.x)) \(Int(Self.size.y))" role="img" \
      font-family="sans-serif" font-size="11" fill="currentColor">
      <title>\(title.escapedForMarkup)</title>
      <text x="\(coordinate(frame.left))" y="18" font-size="13" font-weight="bold">\(title.escapedForMarkup)</text>

      """
    svg += frame.axes(x: x, y: y)
    for guide in guides { svg += drawn(guide, in: frame) }
    for (index, series) in series.enumerated() {
      svg += drawn(series, color: Self.palette[index % Self.palette.count], in: frame)
    }
    return svg + legend.svg + "</svg>\n"
  }

  private var guideLevels: [Double] {
    guides.compactMap { if case .horizontal(let level, _) = $0, level.isFinite { level } else { nil } }
  }

  private var guidePlaces: [Double] {
    guides.compactMap { if case .vertical(let place, _) = $0, place.isFinite { place } else { nil } }
  }

  private func drawn(_ guide: Guide, in frame: PlotFrame) -> String {
    let ends = [frame.across.lower, frame.across.upper]
    let levels: [Double], label: String
    switch guide {
    case .vertical(let place, let text):
      let at = coordinate(frame.place(SIMD2(place, frame.up.lower)).x)
      return """
        <line x1="\(at)" y1="\(coordinate(frame.top))" x2="\(at)" y2="\(coordinate(frame.bottom))" stroke="#888" \
        stroke-dasharray="4 3"/>
        <text transform="translate(\(at) \(coordinate(frame.top + 6))) rotate(-90)" text-anchor="end" dy="-4" \
        fill-opacity="0.75">\(text.escapedForMarkup)</text>

        """
    case .identity: (levels, label) = (ends, "")
    case .horizontal(let level, let text): (levels, label) = ([level, level], text)
    case .line(let slope, let intercept): (levels, label) = (ends.map { intercept + slope * $0 }, "")
    }
    let from = frame.place(SIMD2(ends[0], levels[0])), to = frame.place(SIMD2(ends[1], levels[1]))
    return """
      <line x1="\(coordinate(from.x))" y1="\(coordinate(from.y))" x2="\(coordinate(to.x))" y2="\(coordinate(to.y))" stroke="#888" \
      stroke-dasharray="4 3" clip-path="inset(0)"/>
      <text x="\(coordinate(to.x - 4))" y="\(coordinate(to.y - 4))" text-anchor="end" fill-opacity="0.75">\(label.escapedForMarkup)</text>

      """
  }

  private func drawn(_ series: Series, color: String, in frame: PlotFrame) -> String {
    let places = series.points.map { point -> SIMD2<Double>? in
      point.x.isFinite && point.y.isFinite ? frame.place(point) : nil
    }
    var svg = ""
    if series.isJoined {
      let path = places.compactMap { $0.map { "\(coordinate($0.x)),\(coordinate($0.y))" } }.joined(
        separator: " ")
      svg += "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.5\"/>\n"
    }
    for (index, place) in places.enumerated() {
      guard let place else { continue }
      svg +=
        "<circle cx=\"\(coordinate(place.x))\" cy=\"\(coordinate(place.y))\" r=\"3.5\" fill=\"\(color)\" fill-opacity=\"0.8\"/>\n"
      if series.labels.indices.contains(index) {
        svg +=
          "<text x=\"\(coordinate(place.x + 6))\" y=\"\(coordinate(place.y - 5))\" fill-opacity=\"0.85\">\(series.labels[index].escapedForMarkup)</text>\n"
      }
    }
    return svg
  }

  /// The names of the series above the frame, where nothing is drawn.
  private var legend: PlotLegend {
    let named = series.enumerated().filter { !$0.element.name.isEmpty }.map { ($0.element.name, $0.offset) }
    return PlotLegend(named, left: 66, right: Self.size.x - 10)
  }
}

/// The names of what is drawn, each beside its colour, in as many rows as they need.
struct PlotLegend {
  /// The names with the places of their colours in the palette, and where each begins in its row.
  private(set) var rows: [[(name: String, color: Int, x: Double)]] = []

  init(_ entries: [(name: String, color: Int)], left: Double, right: Double) {
    var x = right
    for (name, color) in entries {
      // About the width of the text, as the font is the viewer's.
      let width = 24 + 6.2 * Double(name.count)
      if x + width > right {
        rows.append([])
        x = left
      }
      rows[rows.count - 1].append((name, color, x))
      x += width
    }
  }

  var svg: String {
    var svg = ""
    for (row, entries) in rows.enumerated() {
      let y = 34 + 14 * Double(row)
      for (name, color, x) in entries {
        svg += """
          <circle cx="\(coordinate(x + 4))" cy="\(coordinate(y))" r="3.5" fill="\(Plot.palette[color % Plot.palette.count])"/>
          <text x="\(coordinate(x + 11))" y="\(coordinate(y + 4))">\(name.escapedForMarkup)</text>

          """
      }
    }
    return svg
  }
}
