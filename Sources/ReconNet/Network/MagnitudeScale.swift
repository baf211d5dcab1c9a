import NDArrays
import Numerics

/// The size of a volume's bright voxels, by which networks normalise it.
enum MagnitudeScale {
  /// The 0.99 quantile of the magnitude, interpolated linearly between the two nearest order statistics; `nil` where a
  /// voxel is not finite.
  ///
  /// Non-negative numbers are ordered as their bits, so that two histograms of 16 bits each find an order statistic
  /// without sorting.
  static func bright(_ volume: NDArray<Complex<Float>>) -> Float? {
    let magnitude = volume.map(\.length)
    guard magnitude.count > 0 else { return 0 }
    let position = 0.99 * Double(magnitude.count - 1)
    let rank = Int(position)
    guard let lower = orderStatistic(rank, magnitude),
      let upper = orderStatistic(min(rank + 1, magnitude.count - 1), magnitude)
    else { return nil }
    return Float(Double(lower) + (position - Double(rank)) * (Double(upper) - Double(lower)))
  }

  private static func orderStatistic(_ rank: Int, _ values: NDArray<Float>) -> Float? {
    values.withUnsafeBufferPointer { values -> Float? in
      var upper = [Int](repeating: 0, count: 1 << 16)
      for value in values { upper[Int(value.bitPattern >> 16)] += 1 }
      // From the exponent of infinities on, and with a sign, numbers are not finite.
      guard upper[(0x7F80)...].allSatisfy({ $0 == 0 }) else { return nil }
      var below = 0
      let high = upper.firstIndex { count in
        defer { below += count }
        return below + count > rank
      }
      guard let high else { return nil }
      below -= upper[high]
      var lower = [Int](repeating: 0, count: 1 << 16)
      for value in values where Int(value.bitPattern >> 16) == high {
        lower[Int(value.bitPattern & 0xFFFF)] += 1
      }
      let low = lower.firstIndex { count in
        defer { below += count }
        return below + count > rank
      }
      return low.map { Float(bitPattern: UInt32(high) << 16 | UInt32($0)) }
    }
  }
}
