import MRIData
import NDArrays
import Numerics

/// The phase at `TE = 0`, which echoes of combined images share, estimated and taken out (MCPC-3D-S on one channel).
///
/// ```
/// phi_0 = arg S_1 - TE_1 / (TE_2 - TE_1) unwrap arg(S_2 conj S_1),   smoothed as exp(i phi_0) by a Gaussian
/// S_e  <- S_e exp(-i phi_0)
/// ```
///
/// With readouts of alternating direction every other echo has a smooth phase `g` too. It makes the offset too small by
/// `m g`, so that `m g` is left in the first, third, ... echoes and `(m + 1) g` in the others. Three echoes tell it:
///
/// ```
/// arg S_1 + arg S_3 - k arg S_2 = f g,   k = (TE_1 + TE_3) / TE_2,   f = (2 - k) m - k,   m = TE_1 / (TE_2 - TE_1)
/// ```
///
/// It is unwrapped, smoothed and taken out of every echo after the offset.
///
/// - SeeAlso: K. Eckstein et al., "Computationally efficient combination of multi-channel phase data from multi-echo
///   acquisitions (ASPIRE)", Magn. Reson. Med. 79(6):2996-3006, 2018, doi:10.1002/mrm.26963.
public struct PhaseOffset: Sendable {
  /// The standard deviations of the Gaussian along `x`, `y`, `z` [voxels].
  public var smoothing: SIMD3<Double>
  /// How phase differences are unwrapped.
  public var unwrapping: ROMEO

  /// Creates the method with the smoothing of the authors' implementation.
  public init(
    smoothing: SIMD3<Double> = [10, 10, 5],
    unwrapping: ROMEO = ROMEO(seeds: 64, mergesRegions: true, correctsGlobalWraps: true)
  ) {
    self.smoothing = smoothing
    self.unwrapping = unwrapping
  }

  /// Takes the offset out of all echoes, axes `[echo, z, y, x]`.
  ///
  /// - Parameters:
  ///   - echoes: The complex images.
  ///   - echoTimes: The echo times [s], at least two; three where readouts alternate.
  ///   - alternates: Whether every other echo was read out backwards.
  ///   - mask: Where the phase means something, axes `[z, y, x]`.
  /// - Throws: ``PhaseUnwrappingError/echoTimes(_:needed:)`` if there are too few, ``PhaseUnwrappingError/nothingToUnwrap``.
  public func callAsFunction(
    _ echoes: NDArray<Complex<Float>>, echoTimes: [Double], alternates: Bool = false,
    mask: NDArray<Bool>? = nil
  ) throws(PhaseUnwrappingError) -> NDArray<Complex<Float>> {
    try Self.check(echoTimes, echoes: echoes.shape[0], alternates: alternates)
    let first = echoes.part(at: 0)
    let ratio = Float(echoTimes[0] / (echoTimes[1] - echoTimes[0]))
    let difference = try unwrappedPhase(of: Self.product(echoes.part(at: 1), first), mask)
    let offset = smoothed(first, minus: difference.map { $0 * ratio }, mask)
    var result = echoes
    for echo in echoTimes.indices {
      result.setPart(at: echo, to: Self.product(echoes.part(at: echo), offset))
    }
    if alternates { try removeAlternation(&result, echoTimes, mask) }
    return result
  }

  /// Refuses echo times that do not fit, or are too few.
  package static func check(_ times: [Double], echoes: Int, alternates: Bool) throws(PhaseUnwrappingError) {
    let needed = alternates ? 3 : 2
    guard times.count == echoes, echoes >= needed,
      zip(times, times.dropFirst()).allSatisfy({ 0 < $0 && $0 < $1 })
    else { throw .echoTimes(times, needed: max(echoes, needed)) }
  }

  /// Takes the phase of alternating readouts out of echoes without an offset, in place.
  package func removeAlternation(
    _ echoes: inout NDArray<Complex<Float>>, _ times: [Double], _ mask: NDArray<Bool>?
  ) throws(PhaseUnwrappingError) {
    let first = echoes.part(at: 0), second = echoes.part(at: 1), third = echoes.part(at: 2)
    let m = times[0] / (times[1] - times[0]), k = (times[0] + times[2]) / times[1], f = (2 - k) * m - k
    // Of arg S_1 + arg S_3 - k arg S_2, the part with k = 2 needs no unwrapping of single echoes.
    let sum = try unwrappedPhase(
      of: Self.product(first.combined(with: third, *), second.map { $0 * $0 }), mask)
    var alternation = sum
    if abs(2 - k) > 1e-6 {
      let middle = try unwrappedPhase(of: second, mask)
      let factor = Float(2 - k)
      alternation = sum.combined(with: middle) { $0 + factor * $1 }
    }
    // Smoothed as a phasor around what it is on the whole, so that wraps do not matter.
    let smooth = smoothed(
      alternation.map { Complex(length: 1, phase: $0) }, minus: alternation.map { _ in 0 }, mask,
      weights: second)
    let unwrappedSmooth = try unwrappedPhase(of: smooth, mask)
    for echo in times.indices {
      let factor = Float((echo % 2 == 0 ? m : m + 1) / f)
      let turns = unwrappedSmooth.map { Complex<Float>(length: 1, phase: $0 * factor) }
      echoes.setPart(at: echo, to: Self.product(echoes.part(at: echo), turns))
    }
  }

  /// The phase of an image, unwrapped with the weights that its size gives.
  package func unwrappedPhase(
    of image: NDArray<Complex<Float>>, _ mask: NDArray<Bool>?
  ) throws(PhaseUnwrappingError) -> NDArray<Float> {
    try unwrapping(
      image.map { $0 == .zero ? 0 : $0.phase }, magnitude: image.map { $0.length.squareRoot() }, mask: mask)
  }

  /// The smoothed unit phasor of an image's phase minus another phase.
  package func smoothed(
    _ image: NDArray<Complex<Float>>, minus phase: NDArray<Float>, _ mask: NDArray<Bool>?,
    weights: NDArray<Complex<Float>>? = nil
  ) -> NDArray<Complex<Float>> {
    var result = image
    result.withUnsafeMutableBufferPointer { result in
      phase.withUnsafeBufferPointer { phase in
        mask.withPointer { mask in
          weights.withPointer { weights in
            for index in result.indices {
              let value = result[index] * Complex(length: 1, phase: -phase[index])
              let isUsable = value.isFinite && (mask?[index] ?? true)
              result[index] = isUsable ? value.multiplied(by: weights?[index].length ?? 1) : .zero
            }
          }
        }
      }
    }
    GaussianSmoothing(sigma: smoothing)(&result)
    return result.map { $0.length > 0 && $0.isFinite ? $0.divided(by: $0.length) : 1 }
  }

  /// `a conj(b)`.
  package static func product(
    _ a: NDArray<Complex<Float>>, _ b: NDArray<Complex<Float>>
  ) -> NDArray<Complex<Float>> { a.combined(with: b) { $0 * $1.conjugate } }
}
