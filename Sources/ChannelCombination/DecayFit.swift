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

  /// The least-squares decay, and what model and data give together there.
  ///
  /// Echoes give a first frequency and rate, and Gauss-Newton steps on the complex echoes reach the maximum of the
  /// likelihood. The last step is a thousandth of what the longest delay can tell, and leaves much less than that. A
  /// step that fits worse than none is halved. Voxels whose echoes hold more noise than signal have no maximum that
  /// is worth more than two steps.
  func callAsFunction(
    _ echoes: UnsafeBufferPointer<Complex<Float>>
  ) -> (decay: Decay, projection: Projection) {
    var decay = start(echoes), projection = project(echoes, decay)
    let longest = times.delays[times.count - 1]
    var energy: Float = 0
    for echo in echoes { energy += echo.lengthSquared }
    for round in 0..<Self.maximumSteps {
      let limit = limit(at: decay.relaxation)
      var step = Complex(
        limited(projection.step.real, to: limit), limited(projection.step.imaginary, to: limit))
      let isLast = max(abs(step.real), abs(step.imaginary)) * longest < 1e-3
      var next = moved(decay, by: step), other = project(echoes, next)
      var halvings = 0
      // Rounding makes misfits of perfect fits differ.
      while other.misfit > projection.misfit * 1.0001 + 1e-6 * energy && halvings < 4 {
        step = step.divided(by: 2)
        next = moved(decay, by: step)
        other = project(echoes, next)
        halvings += 1
      }
      (decay, projection) = (next, other)
      if isLast || (round > 0 && energy < 5 * projection.misfit) { break }
    }
    return (decay, projection)
  }

  /// More than a voxel with signal needs; what noise is left of a decayed signal may swing for ever.
  private static let maximumSteps = 30

  private func moved(_ decay: Decay, by step: Complex<Float>) -> Decay {
    Decay(
      relaxation: times.bounded(decay.relaxation - step.real), frequency: decay.frequency + step.imaginary)
  }

  /// The first guess.
  ///
  /// Neighbouring echoes give the frequency within one period, all echoes refine it. Of equally spaced echoes, the
  /// ratio of neighbours gives the rate: unlike the logarithm of the magnitude it does not take the noise that a fast
  /// decay leaves for a slow decay. Unequally spaced echoes resolve up to two periods either way.
  private func start(_ echoes: UnsafeBufferPointer<Complex<Float>>) -> Decay {
    guard times.isUniform else {
      return Decay(relaxation: logarithmicRate(echoes), frequency: mostCoherent(echoes))
    }
    var pairs = Complex<Float>.zero, energy: Float = 0
    for index in 1..<times.count {
      pairs += echoes[index] * echoes[index - 1].conjugate
      energy += echoes[index - 1].lengthSquared
    }
    let length = pairs.length
    // Without signal there is no rate: 0, or NaN where the data are.
    let rate = length > 0 && energy > 0 ? .log(energy / length) / times.spacing : length * 0
    return Decay(
      relaxation: times.bounded(rate), frequency: refined(pairs.angle / times.spacing, echoes).frequency)
  }

  /// The frequency [rad/s] at which unequally spaced echoes add up best.
  ///
  /// All pairs of echoes count: the peaks of the echoes' spectrum, sampled at half turns of the longest delay, are
  /// refined and compared, as where a peak lies between two samples says more of their heights than how high it is.
  private func mostCoherent(_ echoes: UnsafeBufferPointer<Complex<Float>>) -> Float {
    let step = Float.pi / times.delays[times.count - 1]
    let reach = Int((Float(2 * times.turns + 1) * .pi / times.spacing / step).rounded(.up))
    return withUnsafeTemporaryAllocation(of: Complex<Float>.self, capacity: 2 * times.count) { memory in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * reach + 1) { spectrum in
        for (index, delay) in times.delays.enumerated() {
          memory[2 * index] = (echoes[index] * .turn(Float(reach) * step * delay))
            .multiplied(by: echoes[index].length)
          memory[2 * index + 1] = .turn(-step * delay)
        }
        for sample in 0...2 * reach {
          var sum = Complex<Float>.zero
          for index in 0..<times.count {
            sum += memory[2 * index]
            memory[2 * index] *= memory[2 * index + 1]
          }
          spectrum[sample] = sum.lengthSquared
        }
        var frequency = Float.zero, best: Float = -1
        for _ in 0..<Self.peaks {
          var peak = 0
          for sample in 1...2 * reach where spectrum[sample] > spectrum[peak] { peak = sample }
          let guess = refined(Float(peak - reach) * step, echoes).frequency
          let (refined, coherence) = refined(guess, echoes)
          if !(coherence <= best) { (frequency, best) = (refined, coherence) }
          for sample in max(0, peak - 1)...min(2 * reach, peak + 1) { spectrum[sample] = -1 }
        }
        return frequency
      }
    }
  }

  /// The number of peaks that are compared; what noise mistakes for the highest is seldom lower than the fourth.
  private static let peaks = 4

  /// The longest step [1/s] at a rate: none changes the last echo that counts by more than a factor of e.
  private func limit(at rate: Float) -> Float { max(1 / times.delays[times.count - 1], 0.5 * rate) }

  private func limited(_ step: Float, to limit: Float) -> Float { min(max(step, -limit), limit) }

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
