/// How values become colours.
public enum ColorMap: Sendable {
  /// From black to white.
  case grey
  /// From blue over white to red, for values of both signs.
  case diverging
  /// A closed circle of colours, for phase: both ends look alike.
  case cyclic

  /// The colours of 256 levels: red, green, blue.
  var levels: [SIMD3<UInt8>] {
    (0..<256).map { level in
      // A cyclic map does not reach its end, which is its beginning.
      let position = Float(level) / (self == .cyclic ? 256 : 255) * Float(knots.count - 1)
      let knot = min(Int(position), knots.count - 2)
      let color = knots[knot] + (knots[knot + 1] - knots[knot]) * (position - Float(knot))
      return SIMD3<UInt8>(color, rounding: .toNearestOrEven)
    }
  }

  /// Colours at equal distances, joined by straight lines.
  private var knots: [SIMD3<Float>] {
    switch self {
    case .grey: [[0, 0, 0], [255, 255, 255]]
    case .diverging:
      [[10, 40, 110], [60, 130, 200], [245, 245, 245], [215, 95, 65], [120, 10, 30]]
    case .cyclic:
      [[225, 215, 225], [100, 115, 190], [50, 20, 60], [180, 90, 80], [225, 215, 225]]
    }
  }
}
