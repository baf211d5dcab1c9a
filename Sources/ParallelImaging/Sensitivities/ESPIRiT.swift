import LinearAlgebra
import MRIData
import NDArrays
import Numerics
import Operators
import Synchronization

/// Receive sensitivities by ESPIRiT: eigenvectors of what neighbouring samples of all channels have in common.
///
/// ```
/// patches z of the calibration data span a space with projector P
/// W(r) = E(r)^H P E(r) / k,  (E(r) s)[c, a] = s_c exp(-2 pi i r a)      channels x channels
/// s(r) = the eigenvector of W(r) of eigenvalue 1, of unit length
/// ```
///
/// Kernels extend along `ky`, `kz` and, three samples wide, along `kx`; patches come from the centre of the readout, which is
/// as long as the calibration region is wide. `W` is a trigonometric polynomial along all axes, so that maps are smooth
/// along the readout too; it is summed plane by plane.
///
/// Which singular values count as signal decides how good maps are: a fixed threshold that suits noisy data cuts
/// signal off from better ones. Unless told otherwise, everything above the largest singular value of noise counts, whose
/// level the noise scan tells, or else the smallest singular values.
///
/// The sensitivities of a voxel have unit length, `sum_c |s_c|^2 = 1`. Their common phase, which calibration cannot tell,
/// is such that the principal component of the calibration data is real and positive: `u^H s > 0`. Outside the object,
/// sensitivities are zero: where the largest eigenvalue is below ``crop``, and, unless that is given, where an image of the
/// calibration data is dark. Where tissue folds onto other tissue within the field of view, two eigenvalues are near
/// 1; a second set of sensitivities holds the second eigenvector (soft SENSE), and is zero elsewhere.
///
/// Kernels are narrower where the calibration region has too few patches for wide ones. If the eigenvalues then still leave
/// more than a hundredth of what is bright without sensitivities, those of ``WalshMaps`` take their place, and the result
/// says so: an image of zeros is no image.
///
/// Kernels are those of the strongest combinations of channels, 16 at most; sensitivities are expanded to all channels
/// in the end.
///
/// - Complexity: One eigenvalue problem of the order `combinations x kernel positions`. Memory beyond the result is
///   a few such matrices.
/// - SeeAlso: M. Uecker et al., "ESPIRiT: an eigenvalue approach to autocalibrating parallel MRI: where SENSE meets
///   GRAPPA", Magn. Reson. Med. 71(3):990-1001, 2014, doi:10.1002/mrm.24751.
public struct ESPIRiT: SensitivityEstimation {
  /// The largest extent of the kernel along `ky` and `kz`; if `nil`, 5, and 6 where kernels do not extend along `kx`.
  ///
  /// Half of a short axis is enough.
  public let kernelWidth: Int?
  /// The smallest singular value that counts as signal, relative to the largest; if `nil`, the largest of noise.
  public let threshold: Float?
  /// The smallest eigenvalue of a voxel inside the object; if `nil`, 0.8 where an image of low resolution is not dark, and
  /// all that such voxels enclose.
  public let crop: Float?
  /// The largest number of sets of sensitivities, 1 or 2.
  public let sets: Int

  private static let usualCrop: Float = 0.8
  /// The largest number of combinations of channels.
  private static let largestCombinationCount = 16
  /// The least energy of a combination, relative to the strongest: beyond it, none adds a direction.
  private static let smallestShare: Float = 1e-5

  /// Creates the method.
  ///
  /// - Parameters:
  ///   - kernelWidth: The largest extent of the kernel along `ky` and `kz`.
  ///   - threshold: The smallest singular value that counts as signal, relative to the largest; chosen by the noise
  ///     unless given.
  ///   - crop: The smallest eigenvalue of a voxel inside the object; chosen for you unless given.
  ///   - sets: The number of sets of sensitivities, 1 or 2.
  /// - Precondition: The kernel is at least 1 wide, threshold and crop lie in `0...1`, and there are 1 or 2 sets.
  public init(kernelWidth: Int? = nil, threshold: Float? = nil, crop: Float? = nil, sets: Int = 1) {
    precondition(
      kernelWidth ?? 1 > 0 && (0...1).contains(threshold ?? 0) && (0...1).contains(crop ?? 0),
      "kernel width \(kernelWidth ?? 0), threshold \(threshold ?? 0), crop \(crop ?? Self.usualCrop)")
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
    let found: (maps: NDArray<Complex<Float>>, holes: Double, kernel: KernelExtents)
    if matrix.isPlanar {
      // The kernel extends along the readout too, as if that were the second phase-encoding axis.
      let width = min(kernelWidth ?? 6, (max(matrix.y, matrix.z) + 1) / 2)
      found = try self.maps(block.turned(kernelWidth: width), matrix.turned, noise)
    } else {
      found = try self.maps(block, matrix, noise)
    }
    if found.holes > Self.largestHoles {
      return try walshMaps(of: block, geometry, noise, instead: found.holes, of: found.kernel)
    }
    let maps = matrix.isPlanar ? found.maps.turnedBack(to: matrix) : found.maps
    return (0..<sets).map { CoilSensitivities(maps.part(at: $0), geometry: geometry) }
  }

  /// The share of bright voxels that may be left without sensitivities.
  private static let largestHoles = 0.01

  /// Walsh's sensitivities, the second set of which is empty.
  private func walshMaps(
    of block: CalibrationBlock, _ geometry: Geometry, _ noise: NoiseLevel, instead holes: Double,
    of kernel: KernelExtents
  ) throws(ParallelImagingError) -> [CoilSensitivities] {
    var walsh = try WalshMaps().sensitivities(of: block, geometry: geometry, noise: noise)[0]
    walsh.assumptions = [
      "ESPIRiT with a kernel of \(kernel.lines)x\(kernel.partitions) finds no sensitivities in "
        + "\(max(1, Int((100 * holes).rounded()))) % of the object from \(block.region.lines.count)x"
        + "\(block.region.partitions.count) calibration positions (ky x kz); sensitivities are Walsh's instead, "
        + "and coarse. 16x16 or more suit it."
    ]
    let empty = NDArray<Complex<Float>>(repeating: .zero, shape: walsh.maps.shape)
    return [walsh] + (1..<sets).map { _ in CoilSensitivities(empty, geometry: geometry) }
  }

  /// A kernel of at most the usual extents of which the calibration data hold twice as many patches as it has positions.
  private static func kernel(
    _ largest: KernelExtents, within shape: [Int], readout: Int
  ) -> KernelExtents {
    var kernel = largest
    kernel.partitions = min(kernel.partitions, shape[1])
    kernel.lines = min(kernel.lines, shape[2])
    func isTooLarge() -> Bool {
      let patches =
        (shape[1] - kernel.partitions + 1) * (shape[2] - kernel.lines + 1)
        * max(1, readout - kernel.columns + 1)
      return patches < 2 * kernel.count
    }
    while isTooLarge(), max(kernel.lines, kernel.partitions) > 2 {
      if kernel.lines >= kernel.partitions { kernel.lines -= 1 } else { kernel.partitions -= 1 }
    }
    return kernel
  }

  /// The sensitivities, axes `[set, channel, z, y, x]`, from kernels along `ky` and `kz`.
  private func maps(
    _ block: CalibrationBlock, _ matrix: Extents, _ noise: NoiseLevel
  ) throws(ParallelImagingError) -> (maps: NDArray<Complex<Float>>, holes: Double, kernel: KernelExtents) {
    let shape = block.samples.shape, channels = shape[0], sets = sets
    let columns = min(3, (matrix.x + 1) / 2), width = kernelWidth ?? (columns > 1 ? 5 : 6)
    let usual = KernelExtents(
      lines: min(width, (matrix.y + 1) / 2), partitions: min(width, (matrix.z + 1) / 2), columns: columns)
    // A kernel that the caller chose stays as it is.
    let kernel =
      kernelWidth == nil ? Self.kernel(usual, within: shape, readout: block.readoutRange.count) : usual
    let smallest = (lines: min(4, usual.lines), partitions: min(4, usual.partitions))
    guard shape[1] >= max(kernel.partitions, smallest.partitions),
      shape[2] >= max(kernel.lines, smallest.lines), block.readoutRange.count >= columns
    else {
      throw .calibrationTooSmall(
        lines: shape[2], partitions: shape[1],
        kernel: kernelWidth == nil
          ? "\(smallest.lines)x\(smallest.partitions)" : "\(usual.lines)x\(usual.partitions)")
    }
    let compression = try ChannelCompression(
      block, smallestShare: Self.smallestShare, atMost: Self.largestCombinationCount)
    let compressed = compression.compressed(block)
    let space = try SignalSpace(CalibrationPatches(compressed, kernel), threshold: threshold, noise: noise)
    let correlation = KernelCorrelation(space, channels: compression.virtualChannels, kernel: kernel)
    let brightness = crop == nil ? CalibrationBrightness(compressed, noiseVariance: space.noiseVariance) : nil
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
          rows.forEachPack(of: correlation.plane(at: x, of: matrix.x), in: partitions) {
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
    let holes = clearOutside(&maps, eigenvalues, brightness)
    return (maps, holes, kernel)
  }

  /// Clears sensitivities outside the object, and of the second set where there is but one signal.
  ///
  /// - Returns: The share of the voxels of the object, surely seen, that have none in the first set.
  private func clearOutside(
    _ maps: inout NDArray<Complex<Float>>, _ eigenvalues: NDArray<Float>, _ brightness: CalibrationBrightness?
  ) -> Double {
    let shape = maps.shape, (channels, rows, columns, length) = (shape[1], shape[2], shape[3], shape[4])
    let voxels = rows * columns * length, smallest = crop ?? Self.usualCrop
    let holes = Atomic<Int>(0), object = Atomic<Int>(0)
    maps.withUnsafeMutableBufferPointer { maps in
      eigenvalues.withUnsafeBufferPointer { eigenvalues in
        let maps = SharedBuffer(maps), eigenvalues = SharedConstants(eigenvalues)
        Parallelism.forEach(shape[0] * length) { index in
          let (set, x) = index.quotientAndRemainder(dividingBy: length)
          var isKept = (0..<rows * columns).map { eigenvalues[set * voxels + $0 * length + x] >= smallest }
          if let brightness {
            let power = brightness.plane(at: x, of: Extents(x: length, y: columns, z: rows))
            for voxel in isKept.indices where power[voxel] <= brightness.bright { isKept[voxel] = false }
            if set == 0 {
              isKept = objectSupport(isKept, rows: rows, columns: columns)
              object.add(power.count { $0 > brightness.sure }, ordering: .relaxed)
              holes.add(zip(power, isKept).count { $0 > brightness.sure && !$1 }, ordering: .relaxed)
            }
          }
          for channel in 0..<channels {
            let first = (set * channels + channel) * voxels + x
            for voxel in isKept.indices where !isKept[voxel] { maps[first + voxel * length] = .zero }
          }
        }
      }
    }
    let seen = object.load(ordering: .relaxed)
    return seen > 0 ? Double(holes.load(ordering: .relaxed)) / Double(seen) : 0
  }
}
