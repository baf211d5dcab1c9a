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
/// A two-dimensional scan, which has one phase-encoding axis, is not transformed: its kernels extend along that axis
/// and `kx`.
///
/// The sensitivities of a voxel have unit length, `sum_c |s_c|^2 = 1`. Their common phase, which calibration cannot tell,
/// is such that the principal component of the calibration data is real and positive: `u^H s > 0`. Where the largest
/// eigenvalue is below ``crop``, outside the object, sensitivities are zero. Where tissue folds onto other tissue within
/// the field of view, two eigenvalues are near 1; a second set of sensitivities holds the second eigenvector (soft
/// SENSE), and is zero elsewhere.
///
/// Combinations of channels too weak to reach the ``threshold`` are left out before anything else, and sensitivities
/// expanded to all channels in the end.
///
/// - Complexity: One eigenvalue problem of the order `channels x kernel positions` for each of the positions. Memory
///   beyond the result is a few such matrices per thread.
/// - SeeAlso: M. Uecker et al., "ESPIRiT: an eigenvalue approach to autocalibrating parallel MRI: where SENSE meets
///   GRAPPA", Magn. Reson. Med. 71(3):990-1001, 2014, doi:10.1002/mrm.24751.
public struct ESPIRiT: SensitivityEstimation {
  /// The largest extent of the kernel along `ky` and `kz`; half of a short axis is enough.
  public let kernelWidth: Int
  /// The smallest singular value that counts as signal, relative to the largest.
  public let threshold: Float
  /// The smallest eigenvalue of a voxel inside the object; if `nil`, 0.8, and all that such voxels enclose.
  public let crop: Float?
  /// The largest number of sets of sensitivities, 1 or 2.
  public let sets: Int

  private static let largestNodeCount = 32
  private static let usualCrop: Float = 0.8

  /// Creates the method.
  ///
  /// - Parameters:
  ///   - kernelWidth: The largest extent of the kernel along `ky` and `kz`.
  ///   - threshold: The smallest singular value that counts as signal, relative to the largest; noise of a known level
  ///     raises it.
  ///   - crop: The smallest eigenvalue of a voxel inside the object; chosen for you unless given.
  ///   - sets: The number of sets of sensitivities, 1 or 2.
  /// - Precondition: The kernel is at least 1 wide, threshold and crop lie in `0...1`, and there are 1 or 2 sets.
  public init(kernelWidth: Int = 6, threshold: Float = 0.0316, crop: Float? = nil, sets: Int = 1) {
    precondition(
      kernelWidth > 0 && (0...1).contains(threshold) && (0...1).contains(crop ?? 0),
      "kernel width \(kernelWidth), threshold \(threshold), crop \(crop ?? Self.usualCrop)")
    precondition(sets == 1 || sets == 2, "\(sets) sets of sensitivities")
    self.kernelWidth = kernelWidth
    self.threshold = threshold
    self.crop = crop
    self.sets = sets
  }

  /// The first set of sensitivities of a scan's channels on its encoded grid.
  ///
  /// - Throws: ``ParallelImagingError/noCalibration``, ``ParallelImagingError/calibrationTooSmall(lines:partitions:kernel:)``,
  ///   ``ParallelImagingError/calibrationWithoutSignal``, ``ParallelImagingError/calibrationNotFinite``.
  public func callAsFunction(_ scan: KSpace) throws(ParallelImagingError) -> CoilSensitivities {
    try sensitivities(of: CalibrationBlock(scan), geometry: scan.geometry, noise: scan.noise)[0]
  }

  /// The sensitivities that calibration data tell, set by set.
  ///
  /// - Parameters:
  ///   - block: The calibration data, with the readout of the geometry.
  ///   - geometry: The grid of the sensitivities.
  ///   - noise: What is known of the noise of the calibration data.
  /// - Throws: As for a scan.
  public func sensitivities(
    of block: CalibrationBlock, geometry: Geometry, noise: NoiseLevel = .unknown
  ) throws(ParallelImagingError) -> [CoilSensitivities] {
    let matrix = geometry.matrix, shape = block.samples.shape
    precondition(shape[3] == matrix.x, "calibration data of shape \(shape) for a grid of \(matrix)")
    let maps: NDArray<Complex<Float>>
    if matrix.isPlanar {
      // The kernel extends along the readout too, as if that were the second phase-encoding axis.
      let width = min(kernelWidth, (max(matrix.y, matrix.z) + 1) / 2)
      maps = try self.maps(block.turned(kernelWidth: width), matrix.turned, noise).turnedBack(to: matrix)
    } else {
      maps = try self.maps(block, matrix, noise)
    }
    return (0..<sets).map { CoilSensitivities(maps.part(at: $0), geometry: geometry) }
  }

  /// The sensitivities, axes `[set, channel, z, y, x]`, from kernels along `ky` and `kz`.
  private func maps(
    _ block: CalibrationBlock, _ matrix: Extents, _ noise: NoiseLevel
  ) throws(ParallelImagingError) -> NDArray<Complex<Float>> {
    let shape = block.samples.shape, channels = shape[0], sets = sets
    let kernel = KernelExtents(
      lines: min(kernelWidth, (matrix.y + 1) / 2), partitions: min(kernelWidth, (matrix.z + 1) / 2))
    guard shape[1] >= kernel.partitions, shape[2] >= kernel.lines else {
      throw .calibrationTooSmall(
        lines: shape[2], partitions: shape[1], kernel: "\(kernel.lines)x\(kernel.partitions)")
    }
    // A combination whose energy is a tenth of what the threshold asks for spans nothing of its own.
    let compression = try ChannelCompression(block, smallestShare: 0.1 * threshold * threshold)
    let correlations = try CorrelationNodes(
      compression.compressed(block), kernel: kernel, threshold: threshold, noise: noise,
      largestCount: Self.largestNodeCount)
    let rows = SensitivityRows(
      sets: sets, lines: matrix.y, partitions: matrix.z, compression: compression)
    // A short readout has too few positions to share among threads.
    let bands = matrix.x < 32 ? min(matrix.z, 16) : 1
    let voxels = matrix.count
    var eigenvalues = NDArray<Float>(repeating: 0, shape: [sets] + matrix.shape)
    var maps = NDArray<Complex<Float>>(uninitializedShape: [sets, channels] + matrix.shape) { target in
      eigenvalues.withUnsafeMutableBufferPointer { eigenvalues in
        let target = SharedBuffer(target), eigenvalues = SharedBuffer(eigenvalues)
        Parallelism.forEach(matrix.x * bands) { index in
          let (x, band) = (index / bands, index % bands)
          let partitions = band * matrix.z / bands..<(band + 1) * matrix.z / bands
          rows.forEachPack(of: correlations.correlation(at: x, of: matrix.x), in: partitions) {
            set, voxel, count, real, imaginary, values in
            for lane in 0..<count {
              let offset = (voxel + lane) * matrix.x + x
              eigenvalues[set * voxels + offset] = values[lane]
              for channel in 0..<channels {
                target[(set * channels + channel) * voxels + offset] = Complex(
                  real[channel][lane], imaginary[channel][lane])
              }
            }
          }
        }
      }
    }
    clearOutside(&maps, eigenvalues)
    return maps
  }

  /// Clears sensitivities outside the object, and of the second set where there is but one signal.
  private func clearOutside(_ maps: inout NDArray<Complex<Float>>, _ eigenvalues: NDArray<Float>) {
    let shape = maps.shape, (channels, rows, columns, length) = (shape[1], shape[2], shape[3], shape[4])
    let voxels = rows * columns * length, smallest = crop ?? Self.usualCrop
    maps.withUnsafeMutableBufferPointer { maps in
      eigenvalues.withUnsafeBufferPointer { eigenvalues in
        let maps = SharedBuffer(maps), eigenvalues = SharedConstants(eigenvalues)
        Parallelism.forEach(shape[0] * length) { index in
          let (set, x) = index.quotientAndRemainder(dividingBy: length)
          var isKept = (0..<rows * columns).map { eigenvalues[set * voxels + $0 * length + x] >= smallest }
          if set == 0, crop == nil { isKept = objectSupport(isKept, rows: rows, columns: columns) }
          for channel in 0..<channels {
            let first = (set * channels + channel) * voxels + x
            for voxel in isKept.indices where !isKept[voxel] { maps[first + voxel * length] = .zero }
          }
        }
      }
    }
  }
}
