import MRIData
import NDArrays
import Numerics
import Operators

/// SPIRiT with the preference for images that few wavelets describe, the same ones in all channels.
///
/// ```
/// minimise   1/2 |M F x - y|^2 + mu/2 |(G - 1) x|^2 + w sum_j (sum_c |(Psi x_c)_j|^2)^(1/2)
/// ```
///
/// by FISTA with random shifts; `Psi x` are the details of Daubechies' four-tap wavelet, thresholded for all channels
/// at once, which keeps their relative phases. Afterwards acquired samples take the place of their estimates, bit for
/// bit. Everything else is as for ``SPIRiT``.
///
/// - SeeAlso: M. Murphy et al., "Fast l1-SPIRiT compressed sensing parallel imaging MRI: scalable parallel implementation
///   and clinically feasible runtime", IEEE Trans. Med. Imaging 31(6):1250-1262, 2012, doi:10.1109/TMI.2012.2188039.
public struct L1WaveletSPIRiT: SelfConsistentReconstruction {
  /// The largest extent of the kernel along `ky` and `kz`, odd; half of the calibration region is enough.
  public let kernelWidth: Int
  /// What is added to the diagonal of the calibration's covariance, relative to its mean.
  public let damping: Float
  /// The virtual channels in which missing samples are found; time grows with the square of their number.
  ///
  /// Unless given, all channels up to twelve, and of more the virtual ones that hold 99.9 % of the calibration data's energy,
  /// sixteen at most.
  public let channels: CoilCompression.Extent?
  /// The weight `w` in units of the noise of a sample (the root mean square of its modulus).
  public let weight: Float
  /// The number of iterations.
  public let iterations: Int
  /// The seed of the shifts.
  public let seed: UInt64

  /// The weight `mu` of consistency: its deviations are about half as large as the noise of a sample.
  private static let consistencyWeight = 4.0

  /// Creates the reconstruction.
  ///
  /// - Precondition: The kernel's width is odd and at least 3; damping and weight are not negative.
  public init(
    kernelWidth: Int = 5, damping: Float = 0.01, channels: CoilCompression.Extent? = nil,
    weight: Float = 0.25, iterations: Int = 60, seed: UInt64 = 1
  ) {
    precondition(
      kernelWidth >= 3 && kernelWidth % 2 == 1 && damping >= 0 && weight >= 0,
      "no kernel has width \(kernelWidth) and damping \(damping), or no smallest value with weight \(weight)")
    self.kernelWidth = kernelWidth
    self.damping = damping
    self.channels = channels
    self.weight = weight
    self.iterations = iterations
    self.seed = seed
  }

  /// A scan without gaps; residuals are relative changes of the images in one iteration.
  ///
  /// - Throws: ``ParallelImagingError``.
  public func filled(_ scan: CompactKSpace) throws(ParallelImagingError) -> SPIRiTFilling {
    try SPIRiTFilling(scan, kernelWidth: kernelWidth, damping: damping, keeping: channels) { scan, samples in
      let noise = PowerSpectrum(samples, of: scan).noiseVariance.squareRoot()
      return { plane in fista(plane, threshold: weight * Float(noise)) }
    }
  }

  /// Missing samples and the matrices of planes.
  public func needs(for size: ScanSize) -> MethodNeeds { needs(for: size, iterations: iterations) }

  private func fista(_ plane: SPIRiTPlane, threshold: Float) -> (
    samples: NDArray<Complex<Float>>, residuals: [Double]
  ) {
    let shape = plane.missing.transform.shape
    var shrinkage = WaveletThreshold(
      rows: shape[0], columns: shape[1], generator: SeededGenerator(seed: seed, stream: UInt64(plane.x)))
    let steepness = 1 + Self.consistencyWeight * 1.05 * plane.consistency.steepness
    let backprojection = plane.zeroFilled
    var iterate = AcceleratedIterate(backprojection)
    for _ in 0..<iterations {
      // x - gradient / L, with F^H M F x = x - F^H (1 - M) F x.
      let start = iterate.extrapolated
      var next = plane.consistency.applyGram(start)
      next.scale(by: -Self.consistencyWeight)
      next.add(start, times: steepness - 1)
      next.add(plane.missing(plane.missing.applyAdjoint(start)), times: 1)
      next.add(backprojection, times: 1)
      next.scale(by: 1 / steepness)
      if threshold > 0 {
        shrinkage.apply(to: &next, threshold: threshold / Float(steepness), together: plane.samples.shape[0])
      }
      iterate.advance(to: next)
      if iterate.hasConverged { break }
    }
    return (plane.missing.applyAdjoint(iterate.value), iterate.residuals)
  }
}
