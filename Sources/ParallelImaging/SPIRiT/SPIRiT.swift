import MRIData
import NDArrays
import Numerics
import Operators

/// Iterative self-consistent filling of k-space, channel by channel, for any sampling mask.
///
/// ```
/// minimise   |(G - 1) k|^2 + e sum_k (s^2 / S(k)) |k|^2      over the missing samples; the acquired ones stay
/// ```
///
/// `G` predicts each sample of each channel from its neighbours in `(ky, kz)`, acquired or not, of all channels. The
/// readout is transformed first: kernels are calibrated at up to 32 positions along it and interpolated between them,
/// and planes are solved one by one, in parallel, by conjugate gradients. `G` is a matrix per voxel of the plane;
/// one plane per thread is held at a time. The second term is the prior of ``SENSE``, the power `S` that the channels'
/// spectrum is expected to have over the noise `s^2`; without it noise would grow in k-space's sparsely sampled parts.
///
/// Acquired samples are returned bit for bit, and channels keep their own phases. All echoes use the kernels of the
/// first echo's calibration. Time grows with the square of the channels, so missing samples of many are found in fewer, virtual ones.
///
/// - SeeAlso: M. Lustig, J. M. Pauly, "SPIRiT: iterative self-consistent parallel imaging reconstruction from arbitrary
///   k-space", Magn. Reson. Med. 64(2):457-471, 2010, doi:10.1002/mrm.22428.
public struct SPIRiT: SelfConsistentReconstruction {
  /// The largest extent of the kernel along `ky` and `kz`, odd; half of the calibration region is enough.
  public let kernelWidth: Int
  /// What is added to the diagonal of the calibration's covariance, relative to its mean.
  public let damping: Float
  /// The virtual channels in which missing samples are found; time grows with the square of their number.
  ///
  /// Unless given, all channels up to twelve, and of more the virtual ones that hold 99.9 % of the calibration data's energy,
  /// sixteen at most.
  public let channels: CoilCompression.Extent?
  /// The largest number of iterations.
  public let iterations: Int
  /// The relative residual of the normal equations at which a plane is done.
  public let tolerance: Double

  /// The variance of what kernels leave unexplained, in units of the noise's: kernels average over many samples.
  private static let inconsistency = 0.1

  /// Creates the reconstruction.
  ///
  /// - Precondition: The kernel's width is odd and at least 3, and the damping is not negative.
  public init(
    kernelWidth: Int = 5, damping: Float = 0.01, channels: CoilCompression.Extent? = nil,
    iterations: Int = 30, tolerance: Double = 1e-3
  ) {
    precondition(
      kernelWidth >= 3 && kernelWidth % 2 == 1 && damping >= 0,
      "no kernel has width \(kernelWidth) and damping \(damping)")
    self.kernelWidth = kernelWidth
    self.damping = damping
    self.channels = channels
    self.iterations = iterations
    self.tolerance = tolerance
  }

  /// A scan without gaps, and how they were filled; residuals are those of the normal equations.
  ///
  /// - Throws: ``ParallelImagingError``.
  public func filled(_ scan: CompactKSpace) throws(ParallelImagingError) -> SPIRiTFilling {
    try SPIRiTFilling(scan, kernelWidth: kernelWidth, damping: damping, keeping: channels) { scan, samples in
      let spectrum = PowerSpectrum(samples, of: scan)
      return { plane in
        let factor = Float(Self.inconsistency * Double(plane.missing.channels)).squareRoot()
        let penalties = spectrum.penaltyWeights(at: plane.x, shape: plane.missing.transform.shape).elements
        let penalty = MissingSampleWeights(weights: plane.missing.positions.map { factor * penalties[$0] })
        var target = plane.consistency(plane.zeroFilled)
        target.scale(by: -1)
        let zero = NDArray<Complex<Float>>(
          repeating: .zero, shape: [plane.missing.channels, plane.missing.positions.count])
        let found = conjugateGradients(
          StackedOperator(first: plane.consistency * plane.missing, second: penalty),
          StackedVector(first: target, second: zero), tolerance: tolerance, iterations: iterations)
        return (found.value, found.residuals)
      }
    }
  }

  /// Missing samples and the matrices of planes, for about 20 iterations.
  public func needs(for size: ScanSize) -> MethodNeeds { needs(for: size, iterations: 20) }
}
