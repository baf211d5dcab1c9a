import Numerics

/// The decay of one voxel's combined echoes.
struct Decay {
  /// The relaxation rate R2* [1/s].
  var relaxation: Float = 0
  /// The off-resonance times `2 pi` [rad/s].
  var frequency: Float = 0
}

/// A mono-exponential model of the combined echoes `r_k` of one voxel.
///
/// ```
/// r_k = A m_k,   m_k = exp((-R2* + i omega) t_k),   A complex,   t_k = TE_k - TE_1
/// ```
///
/// Noise is white and the amplitude `A` is eliminated, `A = <m, r> / <m, m>`.
struct DecayFit: Sendable {
  let times: EchoTimes

  /// What the model and the data give together for one choice of its parameters.
  struct Projection {
    /// The amplitude at the first echo.
    var amplitude: Complex<Float>
    /// The squared distance of data and model.
    var misfit: Float
    /// The change of `-R2* + i omega` that a Gauss-Newton step asks for.
    var step: Complex<Float>
  }

  /// Eliminates the amplitude and linearises the rest.
  ///
  /// With `w_k = |m_k|^2` and `t` counted from its mean under `w`,
  /// `step = sum t conj(m) r / (A sum t^2 w)`: weighted least squares on the logarithm of the echoes, with the
  /// logarithm replaced by `r / (A m) - 1`, which noise does not bias however small an echo is.
  ///
  /// The mean is known before times are counted from it: where one echo outweighs the others by a million,
  /// `sum w t^2 - (sum w t)^2 / sum w` would be nothing but rounding. For the same reason `t` multiplies what the
  /// model leaves of an echo, `conj(m) r - A w`, as `sum t w` vanishes. A voxel without signal asks for no step.
  func project(_ echoes: UnsafeBufferPointer<Complex<Float>>, _ decay: Decay) -> Projection {
    withUnsafeTemporaryAllocation(of: (weight: Float, overlap: Complex<Float>).self, capacity: times.count) {
      terms in
      var overlap = Complex<Float>.zero, weight: Float = 0, first: Float = 0, energy: Float = 0
      for (index, delay) in times.delays.enumerated() {
        let size = Float.exp(-decay.relaxation * delay), echo = echoes[index]
        terms[index] = (size * size, (echo * .turn(-decay.frequency * delay)).multiplied(by: size))
        overlap += terms[index].overlap
        weight += size * size
        first += size * size * delay
        energy += echo.lengthSquared
      }
      let mean = first / weight, amplitude = overlap.divided(by: weight)
      var moment = Complex<Float>.zero, spread: Float = 0
      for (index, delay) in times.delays.enumerated() {
        let distance = delay - mean
        let rest = terms[index].overlap - amplitude.multiplied(by: terms[index].weight)
        moment += rest.multiplied(by: distance)
        spread += terms[index].weight * distance * distance
      }
      let curvature = spread * amplitude.lengthSquared
      return Projection(
        amplitude: amplitude, misfit: max(0, energy - overlap.lengthSquared / weight),
        step: curvature == 0 ? .zero : (moment * amplitude.conjugate).divided(by: curvature))
    }
  }

  /// The least-squares decay.
  ///
  /// Neighbouring echoes give the frequency within one period, all echoes refine it, the logarithm of the
  /// magnitude gives the rate, and two Gauss-Newton steps on the complex echoes reach the maximum of the
  /// likelihood. Unequally spaced echoes resolve up to two periods either way.
  func callAsFunction(_ echoes: UnsafeBufferPointer<Complex<Float>>) -> Decay {
    var pairs = Complex<Float>.zero
    for index in 1..<times.count where times.delays[index] - times.delays[index - 1] < 1.05 * times.spacing {
      pairs += echoes[index] * echoes[index - 1].conjugate
    }
    let start = pairs.angle / times.spacing
    var decay = Decay(relaxation: logarithmicRate(echoes), frequency: start)
    if times.isUniform {
      decay.frequency = refined(start, echoes).frequency
    } else {
      var best: Float = -1
      for turns in -2...2 {
        let (frequency, coherence) = refined(start + 2 * .pi * Float(turns) * Float(times.period), echoes)
        if coherence > best { (best, decay.frequency) = (coherence, frequency) }
      }
    }
    for _ in 0..<2 {
      let step = project(echoes, decay).step
      decay.relaxation = times.bounded(decay.relaxation - limited(step.real))
      decay.frequency += limited(step.imaginary)
    }
    return decay
  }

  /// No step changes the last echo by more than a factor of e or by more than 1 rad.
  private func limited(_ step: Float) -> Float {
    let limit = 1 / times.delays[times.count - 1]
    return min(max(step, -limit), limit)
  }

  /// One step of weighted least squares on the phase, unwrapped along the echoes by a first guess.
  ///
  /// What remains of each echo's phase is counted from the mean phase, so that it stays within half a turn
  /// unless the guess is wrong by half a turn over half the echo train.
  ///
  /// - Returns: The better frequency [rad/s], and how well the turned-back echoes add up.
  private func refined(
    _ frequency: Float, _ echoes: UnsafeBufferPointer<Complex<Float>>
  ) -> (frequency: Float, coherence: Float) {
    var mean = Complex<Float>.zero
    for (index, delay) in times.delays.enumerated() {
      mean += (echoes[index] * .turn(-frequency * delay)).multiplied(by: echoes[index].length)
    }
    let reference = mean.conjugate
    var line = WeightedLine()
    for (index, delay) in times.delays.enumerated() {
      let rest = echoes[index] * .turn(-frequency * delay) * reference
      line.add(delay, rest.angle, weight: echoes[index].lengthSquared)
    }
    let better = frequency + line.slope
    guard !times.isUniform else { return (better, 1) }
    var sum = Complex<Float>.zero
    for (index, delay) in times.delays.enumerated() {
      sum += (echoes[index] * .turn(-better * delay)).multiplied(by: echoes[index].length)
    }
    return (better, sum.length)
  }

  /// The rate by weighted least squares on the logarithm of the magnitude.
  private func logarithmicRate(_ echoes: UnsafeBufferPointer<Complex<Float>>) -> Float {
    var line = WeightedLine()
    for (index, delay) in times.delays.enumerated() {
      let square = echoes[index].lengthSquared
      if square > 0 { line.add(delay, 0.5 * .log(square), weight: square) }
    }
    return times.bounded(-line.slope)
  }
}

/// A weighted straight-line fit, point by point.
///
/// Each point adds its distance from the mean of those before it, so that all terms of the spread are positive
/// and none cancels, however unlike the weights are.
///
/// - SeeAlso: D. H. D. West, "Updating mean and variance estimates: an improved method",
///   Commun. ACM 22(9):532-535, 1979, doi:10.1145/359146.359153.
struct WeightedLine {
  private var weight: Float = 0, x: Float = 0, y: Float = 0, xx: Float = 0, xy: Float = 0

  mutating func add(_ x: Float, _ y: Float, weight: Float) {
    guard weight > 0 else { return }
    let total = self.weight + weight, share = weight / total
    let dx = x - self.x, dy = y - self.y
    let reduced = self.weight * share
    xx += reduced * dx * dx
    xy += reduced * dx * dy
    self.x += share * dx
    self.y += share * dy
    self.weight = total
  }

  /// The slope; 0 if fewer than two points count.
  var slope: Float { xx > 0 ? xy / xx : 0 }
}

extension Complex<Float> {
  /// The number of length 1 at an angle [rad]; NaN for an angle that is not finite.
  @inline(__always)
  static func turn(_ angle: Float) -> Complex { Complex(.cos(angle), .sin(angle)) }

  /// The angle in `(-pi, pi]`; 0 for zero, NaN for NaN.
  @inline(__always)
  var angle: Float { .atan2(y: imaginary, x: real) }
}
