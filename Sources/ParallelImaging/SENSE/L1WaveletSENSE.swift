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
public struct L1WaveletSENSE: Reconstruction {
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

  /// The images of every channel, sensitivity times image.
  ///
  /// - Throws: As ``solution(for:)``.
  public func callAsFunction(_ scan: KSpace) throws(ParallelImagingError) -> ChannelImages {
    try self(CompactKSpace(scan))
  }

  /// The images of every channel, sensitivity times image.
  ///
  /// - Throws: As ``solution(for:)``.
  public func callAsFunction(_ scan: CompactKSpace) throws(ParallelImagingError) -> ChannelImages {
    try solution(for: scan).channelImages(of: scan)
  }

  /// The image of every echo, and how it was found.
  ///
  /// - Throws: As for the acquired lines alone.
  public func solution(for scan: KSpace) throws(ParallelImagingError) -> SENSESolution {
    try solution(for: CompactKSpace(scan))
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

  private func fista(_ echo: SENSEEcho, weight: Float) -> SENSEEcho.Solution {
    let planes = echo.planes()
    let shape = echo.transform.shape
    var shrinkage = WaveletThreshold(
      planes: planes.count, rows: shape[0], columns: shape[1], generator: SeededGenerator(seed: seed))
    // Sampling and transform are contractions: the gradient is as steep as the sensitivities allow.
    let steepness = max(planes.lazy.map(\.model.largestPower).max() ?? 0, .leastNormalMagnitude)
    let backprojection = planes.volume(echo.shape) { $0.model.adjoint($0.samples) }
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
    let images = iterate.value
    return SENSEEcho.Solution(
      images: images, history: iterate.residuals, residual: iterate.residuals.last ?? 0,
      squaredMisfit: planes.squaredMisfit(of: images))
  }
}

extension SENSEEcho {
  /// All planes; their sensitivities, plane by plane, take as much memory as those of the volume.
  fileprivate func planes() -> [SENSEPlane] {
    let planes = OrderedResults<SENSEPlane, Never>(count)
    planes.forEach { plane($0) }
    return planes.get()
  }
}

extension [SENSEPlane] {
  /// What a closure makes of each plane, one behind the other.
  fileprivate func volume(
    _ shape: [Int], _ image: @Sendable (SENSEPlane) -> NDArray<Complex<Float>>
  ) -> NDArray<Complex<Float>> {
    NDArray(uninitializedShape: shape) { target in
      let target = SharedBuffer(target), size = target.elements.count / Swift.max(count, 1)
      Parallelism.forEach(count) { x in
        image(self[x]).withUnsafeBufferPointer {
          _ = target[x * size..<(x + 1) * size].initialize(from: $0)
        }
      }
    }
  }

  fileprivate func squaredMisfit(of images: NDArray<Complex<Float>>) -> Double {
    let misfits = OrderedResults<Double, Never>(count)
    misfits.forEach { x in
      self[x].squaredMisfit(of: images.part(at: x).reshaped(to: self[x].model.imageShape))
    }
    return misfits.get().reduce(0, +)
  }
}
