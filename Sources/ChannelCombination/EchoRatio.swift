import LinearAlgebra
import Numerics

/// The published estimator of MDI: one complex ratio of neighbouring echoes that fits all echoes and channels.
///
/// ```
/// dS = argmin sum_{k, c} |S_{c,k+1} - S_ck dS|^2 = N / D
/// N  = sum_k G[k+1, k],   D = sum_{k < K} G[k, k]
/// ```
///
/// Noise adds `2 sigma^2` per channel and echo to `D` alone: the angle of `dS` is unbiased, its length is too
/// small unless that much is taken off.
struct EchoRatio: Sendable {
  /// The echo times, equally spaced.
  let times: EchoTimes
  /// The number of channels times `2 sigma^2`; 0 where the noise is unknown.
  let noiseFloor: Float

  /// The decay of one voxel.
  ///
  /// - Parameters:
  ///   - pack: The matrices of the voxel's pack.
  ///   - layout: Their layout.
  ///   - lane: The voxel's lane.
  ///   - phases: The phase to take out of each echo [rad].
  func decay(
    _ pack: UnsafePointer<Lanes>, _ layout: HermitianPacks, lane: Int, phases: UnsafePointer<Float>
  ) -> Decay {
    var numerator = Complex<Float>.zero, denominator: Float = 0
    layout.forEachEntry { row, column, offset in
      if row == column, row < layout.order - 1 { denominator += pack[offset][lane] - noiseFloor }
      guard row == column + 1 else { return }
      let product = Complex(pack[offset][lane], pack[offset + 1][lane])
      numerator += product * .turn(phases[column] - phases[row])
    }
    let length = numerator.length
    // Without signal there is no rate: 0, or NaN where the data are.
    let rate = denominator > 0 && length > 0 ? .log(denominator / length) / times.spacing : length * 0
    return Decay(relaxation: times.bounded(rate), frequency: numerator.angle / times.spacing)
  }
}
