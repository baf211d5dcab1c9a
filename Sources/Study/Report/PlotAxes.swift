import Files
import Foundation

/// Where values lie on the picture.
struct PlotFrame {
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
      let at = coordinate(place(SIMD2(tick, up.lower)).x)
      svg += """
        <line x1="\(at)" y1="\(coordinate(top))" x2="\(at)" y2="\(coordinate(bottom))" stroke="currentColor" stroke-opacity="0.14"/>
        <text x="\(at)" y="\(coordinate(bottom + 15))" text-anchor="middle" fill-opacity="0.75">\(across.text(tick))</text>

        """
    }
    for tick in up.ticks {
      let at = place(SIMD2(across.lower, tick)).y
      svg += """
        <line x1="\(coordinate(left))" y1="\(coordinate(at))" x2="\(coordinate(right))" y2="\(coordinate(at))" stroke="currentColor" stroke-opacity="0.14"/>
        <text x="\(coordinate(left - 6))" y="\(coordinate(at + 4))" text-anchor="end" fill-opacity="0.75">\(up.text(tick))</text>

        """
    }
    let middle = (x: (left + right) / 2, y: (top + bottom) / 2)
    return svg + """
      <rect x="\(coordinate(left))" y="\(coordinate(top))" width="\(coordinate(right - left))" height="\(coordinate(bottom - top))" \
      fill="none" stroke="#999"/>
      <text x="\(coordinate(middle.x))" y="\(coordinate(bottom + 36))" text-anchor="middle">\(x.escapedForMarkup)</text>
      <text transform="translate(14 \(coordinate(middle.y))) rotate(-90)" text-anchor="middle">\(y.escapedForMarkup)</text>

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
func coordinate(_ value: Double) -> String { String(format: "%.1f", value) }
