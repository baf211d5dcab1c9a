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

  init(title: String, x: String, y: String) {
    self.title = title
    self.x = x
    self.y = y
  }

  private static let size = SIMD2<Double>(430, 330)
  /// Distances from the edges to the axes; above them stand the title and the rows of the legend.
  private var margins: (left: Double, top: Double, right: Double, bottom: Double) {
    (left: 66, top: 34 + 14 * Double(legendRows.count), right: 16, bottom: 50)
  }
  /// Colours that people with any colour vision tell apart (Okabe and Ito).
  static let palette = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#555555", "#000000",
  ]

  /// The plot as an SVG element.
  var svg: String {
    let points = series.flatMap(\.points).filter { $0.x.isFinite && $0.y.isFinite }
    var across = AxisScale(points.map(\.x)), up = AxisScale(points.map(\.y) + guideLevels)
    if hasEqualAxes {
      across = AxisScale(points.flatMap { [$0.x, $0.y] })
      up = across
    }
    let frame = Frame(across: across, up: up, size: Self.size, margins: margins)
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(Int(Self.size.x)) \(Int(Self.size.y))" role="img" \
      font-family="sans-serif" font-size="11">
      <title>\(title.escapedForMarkup)</title>
      <rect width="100%" height="100%" fill="white"/>
      <text x="\(number(frame.left))" y="18" font-size="13" font-weight="bold">\(title.escapedForMarkup)</text>

      """
    svg += frame.axes(x: x, y: y)
    for guide in guides { svg += drawn(guide, in: frame) }
    for (index, series) in series.enumerated() {
      svg += drawn(series, color: Self.palette[index % Self.palette.count], in: frame)
    }
    return svg + legend(in: frame) + "</svg>\n"
  }

  private var guideLevels: [Double] {
    guides.compactMap { if case .horizontal(let level, _) = $0, level.isFinite { level } else { nil } }
  }

  private func drawn(_ guide: Guide, in frame: Frame) -> String {
    let ends = [frame.across.lower, frame.across.upper]
    let levels: [Double], label: String
    switch guide {
    case .identity: (levels, label) = (ends, "")
    case .horizontal(let level, let text): (levels, label) = ([level, level], text)
    case .line(let slope, let intercept): (levels, label) = (ends.map { intercept + slope * $0 }, "")
    }
    let from = frame.place(SIMD2(ends[0], levels[0])), to = frame.place(SIMD2(ends[1], levels[1]))
    return """
      <line x1="\(number(from.x))" y1="\(number(from.y))" x2="\(number(to.x))" y2="\(number(to.y))" stroke="#888" \
      stroke-dasharray="4 3" clip-path="inset(0)"/>
      <text x="\(number(to.x - 4))" y="\(number(to.y - 4))" text-anchor="end" fill="#666">\(label.escapedForMarkup)</text>

      """
  }

  private func drawn(_ series: Series, color: String, in frame: Frame) -> String {
    let places = series.points.map { point -> SIMD2<Double>? in
      point.x.isFinite && point.y.isFinite ? frame.place(point) : nil
    }
    var svg = ""
    if series.isJoined {
      let path = places.compactMap { $0.map { "\(number($0.x)),\(number($0.y))" } }.joined(separator: " ")
      svg += "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.5\"/>\n"
    }
    for (index, place) in places.enumerated() {
      guard let place else { continue }
      svg +=
        "<circle cx=\"\(number(place.x))\" cy=\"\(number(place.y))\" r=\"3.5\" fill=\"\(color)\" fill-opacity=\"0.8\"/>\n"
      if series.labels.indices.contains(index) {
        svg +=
          "<text x=\"\(number(place.x + 6))\" y=\"\(number(place.y - 5))\" fill=\"#333\">\(series.labels[index].escapedForMarkup)</text>\n"
      }
    }
    return svg
  }

  /// The names of the series above the frame, where nothing is drawn.
  private func legend(in frame: Frame) -> String {
    var svg = ""
    for (row, entries) in legendRows.enumerated() {
      let y = 34 + 14 * Double(row)
      for (index, x) in entries {
        svg += """
          <circle cx="\(number(x + 4))" cy="\(number(y))" r="3.5" fill="\(Self.palette[index % Self.palette.count])"/>
          <text x="\(number(x + 11))" y="\(number(y + 4))">\(series[index].name.escapedForMarkup)</text>

          """
      }
    }
    return svg
  }

  /// The series with names, and where each begins in its row of the legend.
  private var legendRows: [[(series: Int, x: Double)]] {
    let left = 66.0, right = Self.size.x - 10
    var rows: [[(series: Int, x: Double)]] = [], x = right
    for (index, series) in series.enumerated() where !series.name.isEmpty {
      // About the width of the text, as the font is the viewer's.
      let width = 24 + 6.2 * Double(series.name.count)
      if x + width > right {
        rows.append([])
        x = left
      }
      rows[rows.count - 1].append((index, x))
      x += width
    }
    return rows
  }
}

/// Where values lie on the picture.
private struct Frame {
  let across: AxisScale, up: AxisScale
  let left: Double, top: Double, right: Double, bottom: Double

  init(
    across: AxisScale, up: AxisScale, size: SIMD2<Double>,
    margins: (left: Double, top: Double, right: Double, bottom: Double)
  ) {
    self.across = across
    self.up = up
    left = margins.left
    top = margins.top
    right = size.x - margins.right
    bottom = size.y - margins.bottom
  }

  func place(_ point: SIMD2<Double>) -> SIMD2<Double> {
    SIMD2(
      left + across.position(point.x) * (right - left), bottom - up.position(point.y) * (bottom - top))
  }

  /// Ticks, their numbers and the names of the axes.
  func axes(x: String, y: String) -> String {
    var svg = ""
    for tick in across.ticks {
      let at = number(place(SIMD2(tick, up.lower)).x)
      svg += """
        <line x1="\(at)" y1="\(number(top))" x2="\(at)" y2="\(number(bottom))" stroke="#e4e4e4"/>
        <text x="\(at)" y="\(number(bottom + 15))" text-anchor="middle" fill="#555">\(across.text(tick))</text>

        """
    }
    for tick in up.ticks {
      let at = place(SIMD2(across.lower, tick)).y
      svg += """
        <line x1="\(number(left))" y1="\(number(at))" x2="\(number(right))" y2="\(number(at))" stroke="#e4e4e4"/>
        <text x="\(number(left - 6))" y="\(number(at + 4))" text-anchor="end" fill="#555">\(up.text(tick))</text>

        """
    }
    let middle = (x: (left + right) / 2, y: (top + bottom) / 2)
    return svg + """
      <rect x="\(number(left))" y="\(number(top))" width="\(number(right - left))" height="\(number(bottom - top))" \
      fill="none" stroke="#999"/>
      <text x="\(number(middle.x))" y="\(number(bottom + 36))" text-anchor="middle">\(x.escapedForMarkup)</text>
      <text transform="translate(14 \(number(middle.y))) rotate(-90)" text-anchor="middle">\(y.escapedForMarkup)</text>

      """
  }
}

/// The range of an axis, from a round number to a round number.
struct AxisScale: Equatable {
  let lower: Double
  let upper: Double
  let step: Double

  /// The range that holds some values.
  init(_ values: [Double]) {
    var low = values.min() ?? 0, high = values.max() ?? 1
    if !(high - low > 1e-9 * max(abs(low), abs(high))) {
      let margin = low == 0 ? 1 : 0.1 * abs(low)
      low -= margin
      high += margin
    }
    // Four to ten steps of 1, 2 or 5 times a power of ten.
    let raw = (high - low) / 5
    let power = Foundation.pow(10, Foundation.log10(raw).rounded(.down))
    let step = ([1, 2, 5, 10].first { $0 * power >= raw } ?? 10) * power
    self.step = step
    lower = (low / step).rounded(.down) * step
    upper = (high / step).rounded(.up) * step
  }

  var ticks: [Double] {
    let count = Int(((upper - lower) / step).rounded())
    return (0...count).map { lower + Double($0) * step }
  }

  func position(_ value: Double) -> Double { (value - lower) / (upper - lower) }

  /// A tick's number, with as many decimals as the steps have.
  func text(_ tick: Double) -> String {
    let decimals = max(0, -Int(Foundation.log10(step).rounded(.down)))
    // Rounding first: minus zero would keep its sign.
    let scale = Foundation.pow(10, Double(decimals))
    return String(format: "%.\(decimals)f", (tick * scale).rounded() / scale + 0)
  }
}

/// A coordinate, to a tenth of a pixel.
private func number(_ value: Double) -> String { String(format: "%.1f", value) }

extension String {
  /// The text as HTML and SVG show it.
  var escapedForMarkup: String {
    replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }
}
