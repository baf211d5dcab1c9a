import Numerics

/// The standard deviation of the field that noise in the channels leads to.
///
/// The echoes of a voxel are taken as `s_k = A exp(-R2* t_k)`, and each channel's noise as of standard deviation
/// `sigma` in the real and in the imaginary part.
///
/// For the least-squares fit it is the Cramer-Rao bound, with `w_k = s_k^2` and `t` counted from its mean
/// under `w`:
///
/// ```
/// sd(f) = sigma / (2 pi sqrt(sum w t^2))
/// ```
///
/// The echo ratio counts neighbouring differences equally, though their noise is correlated; the second term
/// is noise times noise of `C` channels (`s_0 = s_{K+1} = 0`):
///
/// ```
/// sd(f) = sqrt(sigma^2 sum_k (s_{k-1} - s_{k+1})^2 + 2 sigma^4 C (K-1)) / (2 pi dTE sum_k s_k s_{k+1})
/// ```
///
/// A voxel without signal knows no more than that its field lies in the period: `period / sqrt(12)` is the
/// upper limit.
struct FieldNoise: Sendable {
  let times: EchoTimes
  let estimator: MDI.Estimator
  let channels: Int
  let sigma: Float

  /// The standard deviation [Hz] in a voxel with the given signal at the first echo and rate [1/s].
  func callAsFunction(amplitude: Float, relaxation: Float) -> Float {
    let limit = Float(times.period) / Float(12).squareRoot()
    guard amplitude != 0 else { return limit }
    let noise = sigma / amplitude
    let deviation =
      switch estimator {
      case .gramEigenvector: leastSquares(noise, relaxation)
      case .echoRatio: ratio(noise, relaxation)
      }
    return deviation > limit ? limit : deviation
  }

  private func leastSquares(_ noise: Float, _ relaxation: Float) -> Float {
    func weight(_ delay: Float) -> Float { .exp(-2 * relaxation * delay) }
    var sum: Float = 0, first: Float = 0
    for delay in times.delays {
      sum += weight(delay)
      first += weight(delay) * delay
    }
    let mean = first / sum
    // A second pass, as its terms cannot cancel.
    var spread: Float = 0
    for delay in times.delays { spread += weight(delay) * (delay - mean) * (delay - mean) }
    return noise / (2 * .pi * spread.squareRoot())
  }

  private func ratio(_ noise: Float, _ relaxation: Float) -> Float {
    func signal(_ index: Int) -> Float {
      times.delays.indices.contains(index) ? .exp(-relaxation * times.delays[index]) : 0
    }
    var linear: Float = 0, overlap: Float = 0
    for index in times.delays.indices {
      let difference = signal(index - 1) - signal(index + 1)
      linear += difference * difference
      overlap += signal(index) * signal(index + 1)
    }
    let quadratic = 2 * noise * noise * Float(channels * (times.count - 1))
    return noise * (linear + quadratic).squareRoot() / (2 * .pi * times.spacing * overlap)
  }
}
