import MRIData
import NDArrays
import Numerics
import Operators

/// Iterative SENSE: the image that explains the samples of all channels, by conjugate gradients.
///
/// ```
/// minimise   sum_c |M F s_c x - y_c|^2 + R(x)        M the mask, F the transform, s_c the sensitivities
/// ```
///
/// The readout is transformed first; its positions are then independent `(ky, kz)` planes, solved in parallel. Every
/// echo has its own mask; all share the sensitivities and the regularisation, so that their decay is left as it is.
///
/// The result is one image `x` per echo, handed out per channel as `s_c x`. These channel images hold what the
/// sensitivities can express and nothing else: their phases are those of `x` plus those of the smooth `s_c`, so that
/// differences between echoes are the object's, as with images of the channels' own samples; noise is no longer
/// independent between channels. Where sensitivities are zero, outside the object, images are zero.
///
/// Where the acquired positions, all of them, form a lattice that closes over the grid (regular or CAIPI sampling whose
/// acceleration divides the extents), aliases are unfolded exactly instead, without iterations; what is then expected
/// of every voxel of a plane is the same power. Calibration lines beside the lattice are worth more as data than
/// exactness is: such scans are solved by conjugate gradients.
///
/// With two sets of sensitivities (soft SENSE), `s_c x` is a sum over both.
///
/// - SeeAlso: K. P. Pruessmann et al., "Advances in sensitivity encoding with arbitrary k-space trajectories", Magn.
///   Reson. Med. 46(4):638-651, 2001, doi:10.1002/mrm.1241.
public struct SENSE: SENSEReconstruction {
  /// What is preferred among images that explain the samples about equally well.
  public enum Regularization: Sendable, Equatable {
    /// The most probable image, whose expected power at each spatial frequency and whose noise the samples tell:
    /// `R(x) = sum_k s^2 / S(k) |F x|^2`, or its mean over the voxels of a plane where aliases are unfolded. Fully sampled
    /// echoes are not regularised.
    case automatic
    /// The smaller one, `R(x) = weight |x|^2`. Sensitivities of unit length make the weight a pure number: 0.01 is
    /// strong, 0.001 is weak.
    case tikhonov(Float)
  }

  /// How the normal equations are solved.
  public enum Solver: Sendable, Equatable {
    /// Exactly where the mask allows it, or else by conjugate gradients.
    case automatic
    /// By conjugate gradients.
    case conjugateGradients
  }

  /// Where sensitivities come from.
  public let calibration: SensitivitySource
  /// The virtual channels in which images are solved for, which take their time in proportion to their number.
  ///
  /// Unless given, all channels of a two-dimensional scan and up to twelve of others; of more the virtual ones that hold 99 %
  /// of the calibration data's energy, sixteen at most. The images are seen by all receive channels all the same.
  public let channels: CoilCompression.Extent?
  /// What is preferred among images that explain the samples about equally well.
  public let regularization: Regularization
  /// How the normal equations are solved.
  public let solver: Solver
  /// The largest number of iterations.
  public let iterations: Int
  /// The relative residual of the normal equations at which a plane is done.
  public let tolerance: Double

  /// Creates the reconstruction.
  ///
  /// - Parameters:
  ///   - calibration: Where sensitivities come from; the scan's own calibration data unless given.
  ///   - channels: The virtual channels in which images are solved for, see ``channels``.
  ///   - regularization: What is preferred among images that explain the samples about equally well.
  ///   - solver: How the normal equations are solved.
  ///   - iterations: The largest number of iterations.
  ///   - tolerance: The relative residual of the normal equations at which a plane is done.
  public init(
    calibration: SensitivitySource = .estimated(ESPIRiT()), channels: CoilCompression.Extent? = nil,
    regularization: Regularization = .automatic,
    solver: Solver = .automatic, iterations: Int = 30, tolerance: Double = 1e-3
  ) {
    self.calibration = calibration
    self.channels = channels
    self.regularization = regularization
    self.solver = solver
    self.iterations = iterations
    self.tolerance = tolerance
  }

  /// The image of every echo, and how it was found.
  ///
  /// - Throws: ``ParallelImagingError`` where sensitivities cannot be estimated.
  public func solution(for scan: CompactKSpace) throws(ParallelImagingError) -> SENSESolution {
    let problem = try SENSEProblem(scan, calibration)
    return problem.solution(keeping: channels) { samples in
      let spectrum = spectrum(samples, of: problem.scan)
      return { echoes in echoes.map { $0.solved { solve($0, spectrum) } } }
    }
  }

  /// Sensitivities, mixed to virtual channels where there are many, and about 15 iterations.
  public func needs(for size: ScanSize) -> MethodNeeds {
    let steps = 15 * size.voxels * Double(size.echoes) * size.usualVirtualChannels
    return SENSEProblem.needs(for: size)
      + MethodNeeds(
        memory: size.virtualShare < 1 ? size.sensitivityBytes * size.virtualShare : 0,
        seconds: steps * SENSEProblem.iterationCost)
  }

  /// What the prior is learned from, if there is one.
  func spectrum(_ samples: HybridSamples, of scan: CompactKSpace) -> PowerSpectrum? {
    regularization == .automatic ? PowerSpectrum(samples, of: scan) : nil
  }

  private func solve(_ plane: SENSEPlane, _ spectrum: PowerSpectrum?) -> SENSEPlane.Result {
    if let unfolding = unfolding(plane.model, plane.lattice, at: plane.x, spectrum) {
      return SENSEPlane.Result(image: unfolding.image(of: plane), residuals: [0], isUnfolded: true)
    }
    guard let spectrum, !plane.isFullySampled else {
      let found = conjugateGradients(
        plane.model, plane.samples, damping: regularization.damping, tolerance: tolerance,
        iterations: iterations)
      return SENSEPlane.Result(image: found.value, residuals: found.residuals)
    }
    let penalty = SpectralPenalty(
      weights: spectrum.penaltyWeights(at: plane.x, shape: plane.transform.shape), transform: plane.transform)
    let zero = NDArray<Complex<Float>>(repeating: .zero, shape: plane.model.imageShape)
    let found = conjugateGradients(
      StackedOperator(first: plane.model, second: penalty),
      StackedVector(first: plane.samples, second: zero), tolerance: tolerance, iterations: iterations)
    return SENSEPlane.Result(image: found.value, residuals: found.residuals)
  }

  /// The exact solution of a plane, if its mask has one.
  func unfolding(
    _ model: PlaneModel, _ lattice: SamplingLattice?, at x: Int, _ spectrum: PowerSpectrum?
  ) -> Unfolding? {
    guard solver == .automatic, let lattice else { return nil }
    var damping = regularization.damping
    if let spectrum, lattice.acceleration > 1 {
      damping = spectrum.damping(at: x, voxels: model.supportCount)
    }
    return Unfolding(lattice: lattice, damping: damping)
  }
}

extension SENSE.Regularization {
  var damping: Double {
    if case .tikhonov(let weight) = self { Double(weight) } else { 0 }
  }
}
