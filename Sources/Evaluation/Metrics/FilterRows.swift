import Foundation

/// How a filter goes on beyond the ends of an axis.
enum FilterBorder {
  /// The last element goes on: `a a a | a b c d | d d d`.
  case replicated
  /// The axis is mirrored at its ends: `c b a | a b c d | d c b`.
  case mirrored
  /// There is nothing; the weights within the axis are scaled to the sum of all.
  case absent
}

/// A filter along one axis as a matrix: each output is a weighted sum of consecutive inputs.
///
/// ```
/// out[i] = sum_k weights(i)[k] in[start(i) + k]
/// ```
///
/// What lies beyond the ends is folded into the weights, so that no array is ever padded.
struct FilterRows {
  let starts: [Int]
  let weights: [[Double]]
  /// The outputs that see all of the filter; they share their weights, centered on them.
  let interior: Range<Int>

  /// Applies symmetric taps of odd number to an axis.
  init(_ taps: [Double], length: Int, border: FilterBorder) {
    let radius = taps.count / 2
    let sum = taps.reduce(0, +)
    var starts: [Int] = [], weights: [[Double]] = []
    for output in 0..<length {
      if output >= radius, output + radius < length {
        starts.append(output - radius)
        weights.append(taps)
        continue
      }
      let first = max(0, output - radius), last = min(length - 1, output + radius)
      // Mirrored far ends may reach anywhere in a short axis.
      let reach = border == .mirrored ? 0...length - 1 : first...last
      var row = [Double](repeating: 0, count: reach.count)
      var included = 0.0
      for (tap, weight) in taps.enumerated() {
        guard let input = border.source(of: output - radius + tap, length: length) else { continue }
        row[input - reach.lowerBound] += weight
        included += weight
      }
      starts.append(reach.lowerBound)
      weights.append(border == .absent ? row.map { $0 * sum / included } : row)
    }
    self.starts = starts
    self.weights = weights
    interior = length > 2 * radius ? radius..<length - radius : 0..<0
  }

  /// Leaves an axis as it is.
  init(identityOf length: Int) {
    self.init([1], length: length, border: .absent)
  }
}

extension FilterBorder {
  /// The element that stands for an index, which may lie outside of the axis.
  fileprivate func source(of index: Int, length: Int) -> Int? {
    if (0..<length).contains(index) { return index }
    switch self {
    case .absent: return nil
    case .replicated: return index < 0 ? 0 : length - 1
    case .mirrored:
      let period = 2 * length
      let folded = ((index % period) + period) % period
      return folded < length ? folded : period - 1 - folded
    }
  }
}

/// Filters of unit sum, and their derivatives.
enum FilterTaps {
  static func gaussian(sigma: Double, radius: Int) -> [Double] {
    let values = (-radius...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
    let sum = values.reduce(0, +)
    return values.map { $0 / sum }
  }

  /// The second derivative of the Gaussian of unit sum.
  static func gaussianCurvature(sigma: Double, radius: Int) -> [Double] {
    let variance = sigma * sigma
    return zip(-radius...radius, gaussian(sigma: sigma, radius: radius)).map { position, weight in
      weight * (Double(position * position) / variance - 1) / variance
    }
  }

  static func uniform(_ width: Int) -> [Double] {
    [Double](repeating: 1 / Double(width), count: width)
  }
}
