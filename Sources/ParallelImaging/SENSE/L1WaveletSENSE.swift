import MRIData
import NDArrays
import Numerics
import Operators

/// SENSE with the preference for images that few wavelets describe, by FISTA.
///
/// ```
/// minimise   1/2 sum_c |M F s_c x - y_c|^2 + w |Psi x|_1      Psi the details of Daubechies' four-tap wavelet
/// ```
///
/// on the `(ky, kz)` planes of all readout positions, in parallel. Everything else is as for ``SENSE``, also what its
/// channel images mean. Every plane has its own stream of random shifts, so that results do not depend on the number
/// of threads.
///
/// - SeeAlso: M. Lustig, D. Donoho, J. M. Pauly, "Sparse MRI", Magn. Reson. Med. 58(6):1182-1195, 2007,
///   doi:10.1002/mrm.21391; A. Beck, M. Teboulle, "A fast iterative shrinkage-thresholding algorithm for linear inverse
///   problems", SIAM J. Imaging Sci. 2(1):183-202, 2009, doi:10.1137/080716542.
public struct L1WaveletSENSE: Reconstruction {
  /// Where sensitivities come from.
  public let calibration: SensitivitySource
  /// The weight `w` in units of the noise of a sample (the root mean square of its modulus).
  ///
  /// The level is that of the whitened scan, or what the highest spatial frequencies hold.
  public let weight: Float
  /// The number of iterations.
  public let iterations: Int
  /// The seed of the shifts.
  public let seed: UInt64

  /// Creates the reconstruction.
  ///
  /// - Parameters:
  ///   - calibration: Where sensitivities come from; the scan's own calibration data unless given.
  ///   - weight: The weight of the wavelets' magnitudes in units of the noise; fully sampled echoes have none.
  ///   - iterations: The number of iterations.
  ///   - seed: The seed of the wavelets' random shifts.
  /// - Precondition: The weight is not negative.
  public init(
    calibration: SensitivitySource = .estimated(ESPIRiT()), weight: Float = 0.3, iterations: Int = 60,
    seed: UInt64 = 1
  ) {
    precondition(weight >= 0, "a negative weight, \(weight), has no smallest value")
    self.calibration = calibration
    self.weight = weight
    self.iterations = iterations
    self.seed = seed
  }

  /// The images of every channel, sensitivity times image.
  ///
  /// - Throws: As ``solution(for:)``.
  public func callAsFunction(_ scan: KSpace) throws(ParallelImagingError) -> ChannelImages {
    try solution(for: scan).channelImages(of: scan)
  }

  /// The image of every echo, and how it was found; residuals are relative changes of the image in one iteration.
  ///
  /// - Throws: ``ParallelImagingError`` where sensitivities cannot be estimated.
  public func solution(for scan: KSpace) throws(ParallelImagingError) -> SENSESolution {
    let problem = try SENSEProblem(scan, calibration)
    return problem.solution { samples in
      let noise = PowerSpectrum(samples, of: problem.scan).noiseVariance.squareRoot()
      return { plane in
        fista(plane, weight: plane.isFullySampled ? 0 : weight * Float(noise))
      }
    }
  }

  private func fista(_ plane: SENSEPlane, weight: Float) -> SENSEPlane.Result {
    let shape = plane.transform.shape
    var shrinkage = WaveletThreshold(
      rows: shape[0], columns: shape[1], generator: SeededGenerator(seed: seed, stream: UInt64(plane.x)))
    // Sampling and transform are contractions: the gradient is as steep as the sensitivities allow.
    let steepness = max(plane.model.largestPower, .leastNormalMagnitude)
    let backprojection = plane.model.adjoint(plane.samples)
    var image = NDArray<Complex<Float>>(repeating: .zero, shape: plane.model.imageShape)
    var extrapolated = image
    var residuals: [Double] = [1]
    var momentum = 1.0
    for _ in 0..<iterations {
      var next = plane.model.gram(extrapolated)
      next.scale(by: -1)
      next.add(backprojection, times: 1)
      next.scale(by: 1 / Double(steepness))
      next.add(extrapolated, times: 1)
      if weight > 0 { shrinkage.apply(to: &next, threshold: weight / steepness) }

      let following = (1 + (1 + 4 * momentum * momentum).squareRoot()) / 2
      var step = next
      step.add(image, times: -1)
      let norm = next.squaredNorm
      residuals.append(norm > 0 ? (step.squaredNorm / norm).squareRoot() : 0)
      extrapolated = next
      extrapolated.add(step, times: (momentum - 1) / following)
      momentum = following
      image = next
      if residuals[residuals.count - 1] < 1e-6 { break }
    }
    return SENSEPlane.Result(image: image, residuals: residuals)
  }
}
