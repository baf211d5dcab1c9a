import Files
import Foundation

/// Differences of regions as dots with intervals, one line a region, over the band within which nothing is lost.
struct DotPlot {
  /// One way of measuring.
  struct Series {
    /// What the legend says.
    var name: String
    /// The place of its colour in the palette.
    var color: Int
    /// The regions in their order; `nil` for one that is not there.
    var changes: [RegionChange?]
  }

  var title: String
  /// What the axis shows.
  var axis: String
  /// The regions, from top to bottom.
  var regions: [String]
  var series: [Series]
  /// Half the width of the band.
  var band: Double
  /// The range of the axis, the same in plots that are compared.
  var scale: AxisScale

  /// The range that holds all differences, with the band; intervals are cut where they leave it far behind.
  static func scale(_ series: [Series], band: Double) -> AxisScale {
    let values = series.flatMap(\.changes).compactMap { $0?.percent }
    let ends = series.flatMap(\.changes).compactMap { change in
      change.flatMap { change in change.halfWidth.map { [change.percent - $0, change.percent + $0] } }
    }.flatMap(\.self)
    let bound = 1.5 * (values.map(abs) + [2 * band]).reduce(0, max)
    return AxisScale((values + ends + [-2 * band, 2 * band]).map { min(max($0, -bound), bound) })
  }

  /// The plot as an SVG element.
  var svg: String {
    let width = 430.0, left = 152.0, right = 416.0
    let legend = PlotLegend(series.map { ($0.name, $0.color) }, left: 8, right: width - 8)
    let line = max(20, 9 * Double(series.count) + 8)
    let top = 34 + 14 * Double(legend.rows.count), bottom = top + line * Double(regions.count)
    func x(_ value: Double) -> Double {
      left + min(max(scale.position(value), 0), 1) * (right - left)
    }
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 430 \(Int(bottom + 44))" role="img" \
      font-family="sans-serif" font-size="11" fill="currentColor">
      <title>\(title.escapedForMarkup)</title>
      <text x="8" y="18" font-size="13" font-weight="bold">\(title.escapedForMarkup)</text>
      <rect x="\(coordinate(x(-band)))" y="\(coordinate(top))" width="\(coordinate(x(band) - x(-band)))" \
      height="\(coordinate(bottom - top))" fill="#009e73" fill-opacity="0.18"/>

      """
    for tick in scale.ticks {
      let at = coordinate(x(tick))
      svg += """
        <line x1="\(at)" y1="\(coordinate(top))" x2="\(at)" y2="\(coordinate(bottom))" stroke="currentColor" \
        stroke-opacity="\(tick == 0 ? 0.6 : 0.14)"/>
        <text x="\(at)" y="\(coordinate(bottom + 14))" text-anchor="middle" fill-opacity="0.75">\(scale.text(tick))</text>

        """
    }
    for (row, region) in regions.enumerated() {
      let middle = top + line * (Double(row) + 0.5)
      svg += """
        <text x="\(coordinate(left - 8))" y="\(coordinate(middle + 4))" text-anchor="end">\(region.escapedForMarkup)</text>

        """
      for (index, series) in series.enumerated() {
        guard let change = series.changes[row] else { continue }
        let y = coordinate(middle + 9 * (Double(index) - Double(self.series.count - 1) / 2))
        let color = Plot.palette[series.color % Plot.palette.count]
        if let half = change.halfWidth {
          svg += """
            <line x1="\(coordinate(x(change.percent - half)))" y1="\(y)" x2="\(coordinate(x(change.percent + half)))" \
            y2="\(y)" stroke="\(color)" stroke-width="1.6"/>

            """
        }
        svg += "<circle cx=\"\(coordinate(x(change.percent)))\" cy=\"\(y)\" r=\"3.4\" fill=\"\(color)\"/>\n"
      }
    }
    return svg + legend.svg + """
      <text x="\(coordinate((left + right) / 2))" y="\(coordinate(bottom + 34))" text-anchor="middle">\
      \(axis.escapedForMarkup)</text>
      </svg>

      """
  }
}
