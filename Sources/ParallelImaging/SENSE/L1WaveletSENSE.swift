import MRIData
import NDArrays
import Numerics
import Operators

/// SENSE with the preference for images that few wavelets describe, by FISTA.
///
/// ```
/// minimise   1/2 sum_ec |M_e F s_c x_e - y_ec|^2 + w (1 + sqrt(E)) / 2 sum_j (sum_e |(Psi x_e)_j|^2)^(1/2)
/// ```
///
/// by steps that explain the samples, `(ky, kz)` plane by plane, and the details `Psi x` of Daubechies' four-tap wavelet of the
/// whole volume, or of the plane of a two-dimensional scan. Up to four neighbouring echoes `e` with gaps are solved together:
/// all show the same edges, and a detail is kept or reduced in all of them by one factor, which leaves decay and phase
/// between echoes as they are. Everything else is as for ``SENSE``, also what its channel images mean.
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
  /// The level is that of the whitened scan, or what the highest spatial frequencies hold. With the number of echoes `E` the
  /// length of a detail that is noise grows as its square root, and its spread does not.
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
    return problem.solution(keeping: channels, together: Self.echoesTogether) { samples in
      let noise = Float(PowerSpectrum(samples, of: problem.scan).noiseVariance.squareRoot())
      return { echoes in
        var planes: [[SENSEPlane]] = []
        for echo in echoes { planes.append(echo.planes(like: planes.first)) }
        return fista(planes, noise: echoes[0].isFullySampled ? 0 : noise)
      }
    }
  }

  /// How many echoes are solved together, at most: their volumes take their memory at a time.
  package static let echoesTogether = 4

  /// An iteration [s per voxel, channel and echo].
  package static let iterationCost = 2e-8

  /// Sensitivities twice, the second time plane by plane, and of echoes solved together samples and the volumes of iterations.
  public func needs(for size: ScanSize) -> MethodNeeds {
    let steps = Double(iterations) * size.voxels * Double(size.echoes) * size.usualVirtualChannels
    return SENSEProblem.needs(for: size)
      + MethodNeeds(memory: Self.jointMemory(for: size, volumes: 7), seconds: steps * Self.iterationCost)
  }

  /// The memory of sensitivities plane by plane, and of the samples and some volumes of echoes solved together [bytes].
  package static func jointMemory(for size: ScanSize, volumes: Double) -> Double {
    let echoes = Double(min(size.echoes, echoesTogether))
    let samples = size.acquiredBytes / Double(size.echoes * size.slices) * size.virtualShare
    return size.sensitivityBytes * size.virtualShare
      + echoes * (samples + volumes * size.sensitivityBytes / Double(size.channels))
  }

  /// The images of echoes that explain their samples and differ from priors, if there are any, by few wavelets.
  ///
  /// - Parameters:
  ///   - planes: All planes of each echo.
  ///   - noise: The noise of a sample, the root mean square of its modulus.
  ///   - priors: Images of each echo, axes `[x, set, z, y]`.
  package func fista(
    _ planes: [[SENSEPlane]], noise: Float, around priors: [NDArray<Complex<Float>>]? = nil
  ) -> [SENSEEcho.Solution] {
    let echoes = JointEchoes(planes), shape = echoes.shape
    var shrinkage = WaveletThreshold(
      planes: shape[0], rows: shape[3], columns: shape[4], generator: SeededGenerator(seed: seed))
    // Sampling and transform are contractions: the gradient is as steep as the sensitivities allow.
    let steepness = max(planes[0].lazy.map(\.model.largestPower).max() ?? 0, .leastNormalMagnitude)
    let threshold = weight * noise * (1 + Float(planes.count).squareRoot()) / 2 / steepness
    // What is sought is the difference to the prior, which explains what the prior does not.
    let backprojection = echoes.images { echo, plane in
      plane.model.adjoint(priors.map { plane.unexplained(by: $0[echo].part(at: plane.x)) } ?? plane.samples)
    }
    var iterate = AcceleratedIterate(NDArray<Complex<Float>>(repeating: .zero, shape: shape))
    for _ in 0..<iterations {
      let start = iterate.extrapolated
      var next = echoes.images { echo, plane in plane.model.gram(echoes.image(echo, plane, of: start)) }
      next.scale(by: -1)
      next.add(backprojection, times: 1)
      next.scale(by: 1 / Double(steepness))
      next.add(start, times: 1)
      if threshold > 0 { shrinkage.apply(to: &next, threshold: threshold, together: planes.count) }
      iterate.advance(to: next)
      if iterate.hasConverged { break }
    }
    return planes.indices.map { echo in
      var images = echoes.images(of: echo, in: iterate.value)
      if let priors { images.add(priors[echo], times: 1) }
      return SENSEEcho.Solution(
        images: images, history: iterate.residuals, residual: iterate.residuals.last ?? 0,
        squaredMisfit: planes[echo].squaredMisfit(of: images))
    }
  }
}
