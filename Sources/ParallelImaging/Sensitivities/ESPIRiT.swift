import LinearAlgebra
import MRIData
import NDArrays
import Numerics
import Operators

/// Receive sensitivities by ESPIRiT: eigenvectors of what neighbouring samples of all channels have in common.
///
/// ```
/// patches z of the calibration data span a space with projector P
/// W(r) = E(r)^H P E(r) / k,  (E(r) s)[c, a] = s_c exp(-2 pi i r a)      channels x channels
/// s(r) = the eigenvector of W(r) of eigenvalue 1, of unit length
/// ```
///
/// The readout is transformed first, and kernels extend along `ky` and `kz` only. Patches are collected at up to 32
/// positions along the readout, each with its neighbours; between them the polynomials `W` are interpolated, so that
/// maps are smooth along the readout too. A position without signal takes the polynomials of the nearest with signal.
///
/// The sensitivities of a voxel have unit length, `sum_c |s_c|^2 = 1`. Their common phase, which calibration cannot tell,
/// is such that the principal component of the calibration data is real and positive: `u^H s > 0`. Where the largest
/// eigenvalue is below ``crop``, outside the object, sensitivities are zero.
///
/// - Complexity: One eigenvalue problem of the order `channels x kernel positions` for each of the positions. Memory
///   beyond the result is a few such matrices per thread.
/// - SeeAlso: M. Uecker et al., "ESPIRiT: an eigenvalue approach to autocalibrating parallel MRI: where SENSE meets
///   GRAPPA", Magn. Reson. Med. 71(3):990-1001, 2014, doi:10.1002/mrm.24751.
public struct ESPIRiT: Sendable {
  /// The largest extent of the kernel along `ky` and `kz`; half of a short axis is enough.
  public let kernelWidth: Int
  /// The smallest singular value that counts as signal, relative to the largest.
  public let threshold: Float
  /// The smallest eigenvalue of a voxel inside the object.
  public let crop: Float

  private static let largestNodeCount = 32

  /// Creates the method.
  ///
  /// - Parameters:
  ///   - kernelWidth: The largest extent of the kernel along `ky` and `kz`.
  ///   - threshold: The smallest singular value that counts as signal, relative to the largest; noise of a known level
  ///     raises it.
  ///   - crop: The smallest eigenvalue of a voxel inside the object.
  /// - Precondition: The kernel is at least 1 wide, threshold and crop lie in `0...1`.
  public init(kernelWidth: Int = 6, threshold: Float = 0.0316, crop: Float = 0.8) {
    precondition(
      kernelWidth > 0 && (0...1).contains(threshold) && (0...1).contains(crop),
      "kernel width \(kernelWidth), threshold \(threshold), crop \(crop)")
    self.kernelWidth = kernelWidth
    self.threshold = threshold
    self.crop = crop
  }

  /// The sensitivities of a scan's channels on its encoded grid.
  ///
  /// - Throws: ``ParallelImagingError/noCalibration``, ``ParallelImagingError/calibrationTooSmall(lines:partitions:kernel:)``,
  ///   ``ParallelImagingError/calibrationWithoutSignal``, ``ParallelImagingError/calibrationNotFinite``.
  public func callAsFunction(_ scan: KSpace) throws(ParallelImagingError) -> CoilSensitivities {
    try self(CalibrationBlock(scan), geometry: scan.geometry, noise: scan.noise)
  }

  /// The sensitivities that calibration data tell.
  ///
  /// - Parameters:
  ///   - block: The calibration data, with the readout of the geometry.
  ///   - geometry: The grid of the sensitivities.
  ///   - noise: What is known of the noise of the calibration data.
  /// - Throws: As for a scan.
  public func callAsFunction(
    _ block: CalibrationBlock, geometry: Geometry, noise: NoiseLevel = .unknown
  ) throws(ParallelImagingError) -> CoilSensitivities {
    let matrix = geometry.matrix, shape = block.samples.shape, channels = shape[0]
    precondition(shape[3] == matrix.x, "calibration data of shape \(shape) for a grid of \(matrix)")
    let kernel = KernelExtents(
      lines: min(kernelWidth, (matrix.y + 1) / 2), partitions: min(kernelWidth, (matrix.z + 1) / 2))
    guard shape[1] >= kernel.partitions, shape[2] >= kernel.lines else {
      throw .calibrationTooSmall(
        lines: shape[2], partitions: shape[1], kernel: "\(kernel.lines)x\(kernel.partitions)")
    }
    let reference = try principalComponent(block)
    let correlations = try CorrelationNodes(
      block, kernel: kernel, threshold: threshold, noise: noise, largestCount: Self.largestNodeCount)
    let rows = SensitivityRows(
      channels: channels, lines: matrix.y, partitions: matrix.z, crop: crop, reference: reference)
    let maps = NDArray<Complex<Float>>(uninitializedShape: [channels] + matrix.shape) { target in
      let target = SharedBuffer(target)
      Parallelism.forEach(matrix.x) { x in
        rows.forEachPack(of: correlations.correlation(at: x, of: matrix.x)) { voxel, count, real, imaginary in
          for channel in 0..<channels {
            for lane in 0..<count {
              target[channel * matrix.count + (voxel + lane) * matrix.x + x] = Complex(
                real[channel][lane], imaginary[channel][lane])
            }
          }
        }
      }
    }
    return CoilSensitivities(maps, geometry: geometry)
  }

  /// The combination of channels that holds most of the calibration data's energy.
  private func principalComponent(_ block: CalibrationBlock) throws(ParallelImagingError) -> [Complex<Float>]
  {
    let channels = block.samples.shape[0]
    let samples = block.samples.reshaped(to: [channels, block.samples.count / channels])
    var gram = NDArray<Complex<Float>>(repeating: .zero, shape: [channels, channels])
    for row in 0..<channels {
      for column in 0...row {
        // sum_k y_r conj(y_c)
        let value = samples.part(at: column).dot(samples.part(at: row))
        gram[row, column] = Complex(Float(value.real), Float(value.imaginary))
      }
    }
    let system: HermitianEigensystem
    do { system = try HermitianEigensystem(of: gram) } catch { throw .calibrationNotFinite }
    guard let largest = system.values.last, largest > 0 else { throw .calibrationWithoutSignal }
    return Array(system.vectors.elements.suffix(channels))
  }
}
