import NDArrays
import Numerics

/// A power of two by which samples are multiplied, so that single precision holds their products.
///
/// Products of two samples leave single precision for samples beyond `2^63` or below `2^-63`. The largest
/// finite component of the first channel that has any is therefore brought into `2^-30...2^30`; data of
/// ordinary size stay as they are. Powers of two do not round: results are the same bits at every scale.
///
/// What remains: a voxel counts as empty below `1e-10` of that component where it is small, and other
/// channels may exceed it by a factor of `1e9`. A result that single precision does not hold is infinite.
struct SampleScale: Sendable {
  /// The power of two that multiplies samples.
  let factor: Float
  /// The power of two that takes results back to the samples' unit.
  let inverse: Float

  /// Leaves samples as they are.
  static let identity = SampleScale(exponent: 0)

  private init(exponent: Int) {
    factor = Float(sign: .plus, exponent: exponent, significand: 1)
    inverse = Float(sign: .plus, exponent: -exponent, significand: 1)
  }

  /// The scale for samples whose largest component is given; `nil` for zero.
  init?(largest: Float, within range: ClosedRange<Int>) {
    guard largest > 0, largest.isFinite else { return nil }
    let exponent = Int(largest.exponent)
    // Both the factor and its inverse must be normal numbers.
    let wanted = min(max(exponent, range.lowerBound), range.upperBound) - exponent
    self.init(exponent: min(max(wanted, -126), 126))
  }

  /// The scale that the first of some channels with a finite sample other than zero asks for.
  ///
  /// Channels before it hold nothing to be scaled, so that the choice depends on the order of the channels alone.
  init?(_ channels: [NDArray<Complex<Float>>]) {
    for channel in channels {
      let largest = channel.withUnsafeBufferPointer { samples in
        samples.withMemoryRebound(to: (Float, Float).self) { samples in
          var largest: Float = 0
          for (real, imaginary) in samples {
            let a = abs(real), b = abs(imaginary)
            if a > largest, a < .infinity { largest = a }
            if b > largest, b < .infinity { largest = b }
          }
          return largest
        }
      }
      if let scale = SampleScale(largest: largest, within: -30...30) {
        self = scale
        return
      }
    }
    return nil
  }
}
