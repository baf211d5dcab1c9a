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
/// by steps that explain the samples, `(ky, kz)` plane by plane, and wavelets of the whole volume, or of the plane of a
/// two-dimensional scan. Everything else is as for ``SENSE``, also what its channel images mean.
///
/// - SeeAlso: M. Lustig, D. Donoho, J. M. Pauly, "Sparse MRI", Magn. Reson. Med. 58(6):1182-1195, 2007,
///   doi:10.1002/mrm.21391.
public struct L1WaveletSENSE: SENSEReconstruction {
  /// Where sensitivities come from.
  public let calibration: SensitivitySource
  /// The virtual channels in which images are solved for, which take their time in proportion to their number.
  ///
  /// Unless given, all channels of a two-dimensional scan and up to twelve of others; of more the virtual ones that hold 99 %
  /// of the calibration data's energy, sixteen at most. The images are seen by all receive channels all the same.
  public let channels: CoilCompression.Extent?
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
  ///   - channels: The virtual channels in which images are solved for, see ``channels``.
  ///   - weight: The weight of the wavelets' magnitudes in units of the noise; fully sampled echoes have none.
  ///   - iterations: The number of iterations.
  ///   - seed: The seed of the wavelets' random shifts.
  /// - Precondition: The weight is not negative.
  public init(
    calibration: SensitivitySource = .estimated(ESPIRiT()), channels: CoilCompression.Extent? = nil,
    weight: Float = 0.3, iterations: Int = 60,
    seed: UInt64 = 1
  ) {
    precondition(weight >= 0, "a negative weight, \(weight), has no smallest value")
    self.calibration = calibration
    self.channels = channels
    self.weight = weight
    self.iterations = iterations
    self.seed = seed
  }

  /// The image of every echo, and how it was found; residuals are relative changes of the image in one iteration.
  ///
  /// - Throws: ``ParallelImagingError`` where sensitivities cannot be estimated.
  public func solution(for scan: CompactKSpace) throws(ParallelImagingError) -> SENSESolution {
    let problem = try SENSEProblem(scan, calibration)
    return problem.solution(keeping: channels) { samples in
      let noise = PowerSpectrum(samples, of: problem.scan).noiseVariance.squareRoot()
      return { echo in fista(echo, weight: echo.isFullySampled ? 0 : weight * Float(noise)) }
    }
  }

  /// An iteration [s per voxel, channel and echo].
  package static let iterationCost = 2e-8

  /// Sensitivities twice, the second time plane by plane, and the volumes of an echo's iterations.
  public func needs(for size: ScanSize) -> MethodNeeds {
    let steps = Double(iterations) * size.voxels * Double(size.echoes) * size.usualVirtualChannels
    return SENSEProblem.needs(for: size)
      + MethodNeeds(
        memory: size.sensitivityBytes * (size.virtualShare + 7 / Double(size.channels)),
        seconds: steps * Self.iterationCost)
  }

  private func fista(_ echo: SENSEEcho, weight: Float) -> SENSEEcho.Solution {
    fista(echo, echo.planes(), weight: weight, around: nil)
  }

  /// The image that explains the samples and differs from a prior, if there is one, by few wavelets.
  ///
  /// - Parameters:
  ///   - echo: The samples and sensitivities.
  ///   - planes: All planes of the echo.
  ///   - weight: The weight of the wavelets' magnitudes.
  ///   - prior: Images, axes `[x, set, z, y]`.
  package func fista(
    _ echo: SENSEEcho, _ planes: [SENSEPlane], weight: Float, around prior: NDArray<Complex<Float>>?
  ) -> SENSEEcho.Solution {
    let shape = echo.transform.shape
    var shrinkage = WaveletThreshold(
      planes: planes.count, rows: shape[0], columns: shape[1], generator: SeededGenerator(seed: seed))
    // Sampling and transform are contractions: the gradient is as steep as the sensitivities allow.
    let steepness = max(planes.lazy.map(\.model.largestPower).max() ?? 0, .leastNormalMagnitude)
    // What is sought is the difference to the prior, which explains what the prior does not.
    let backprojection = planes.volume(echo.shape) { plane in
      plane.model.adjoint(prior.map { plane.unexplained(by: $0.part(at: plane.x)) } ?? plane.samples)
    }
    var iterate = AcceleratedIterate(NDArray<Complex<Float>>(repeating: .zero, shape: echo.shape))
    for _ in 0..<iterations {
      let start = iterate.extrapolated
      var next = planes.volume(echo.shape) { plane in
        plane.model.gram(start.part(at: plane.x).reshaped(to: plane.model.imageShape))
      }
      next.scale(by: -1)
      next.add(backprojection, times: 1)
      next.scale(by: 1 / Double(steepness))
      next.add(start, times: 1)
      if weight > 0 { shrinkage.apply(to: &next, threshold: weight / steepness) }
      iterate.advance(to: next)
      if iterate.hasConverged { break }
    }
    var images = iterate.value
    if let prior { images.add(prior, times: 1) }
    return SENSEEcho.Solution(
      images: images, history: iterate.residuals, residual: iterate.residuals.last ?? 0,
      squaredMisfit: planes.squaredMisfit(of: images))
  }
}
