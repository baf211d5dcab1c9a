import FourierTransforms
import LinearAlgebra
import MRIData
import NDArrays
import Numerics

/// Receive sensitivities straight from images of low resolution: each channel over the root of the sum of squares.
///
/// ```
/// s_c(r) = x_c(r) / sqrt(sum_c' |x_c'(r)|^2)        x_c: the calibration data of a channel, Hann-windowed
/// ```
///
/// turned so that the principal component of the calibration data is real and positive, which takes the object's own
/// phase away. The fastest way, and the least exact: edges of the object ring. Voxels darker than a twentieth of the
/// brightest, and not enclosed by others, have no sensitivity.
public struct DirectMaps: SensitivityEstimation {
  /// Creates the method.
  public init() {}

  /// The sensitivities that calibration data tell, a single set.
  ///
  /// - Throws: ``ParallelImagingError/calibrationWithoutSignal``, ``ParallelImagingError/calibrationNotFinite``.
  public func sensitivities(
    of block: CalibrationBlock, geometry: Geometry, noise: NoiseLevel = .unknown
  ) throws(ParallelImagingError) -> [CoilSensitivities] {
    let images = try LowResolutionImages(block, geometry)
    var maps = images.samples
    let support = images.support, reference = images.reference
    maps.scaleVoxels { vector in normalized(vector, reference) }
    maps.clear(outside: support)
    return [CoilSensitivities(maps, geometry: geometry)]
  }
}

/// Receive sensitivities by Walsh's method: the dominant eigenvector of the channels' local covariance.
///
/// ```
/// R(r) = sum_(q near r) x(q) x(q)^H        s(r) = the eigenvector of R(r) of the largest eigenvalue, of unit length
/// ```
///
/// where `x` are images of low resolution, from Hann-windowed calibration data, and `q` lies within a square of the
/// plane `(z, y)`, or `(y, x)` of a two-dimensional scan. Voxels without sensitivity are those of ``DirectMaps``.
///
/// - SeeAlso: D. O. Walsh, A. F. Gmitro, M. W. Marcellin, "Adaptive reconstruction of phased array MR imagery", Magn.
///   Reson. Med. 43(5):682-690, 2000, doi:10.1002/(SICI)1522-2594(200005)43:5<682::AID-MRM10>3.0.CO;2-G.
public struct WalshMaps: SensitivityEstimation {
  /// The extent of the neighbourhood [voxels], odd.
  public let width: Int

  /// Creates the method.
  ///
  /// - Precondition: The width is odd and positive.
  public init(width: Int = 5) {
    precondition(width > 0 && width % 2 == 1, "a neighbourhood of \(width) voxels has no centre")
    self.width = width
  }

  /// The sensitivities that calibration data tell, a single set.
  ///
  /// - Throws: ``ParallelImagingError/calibrationWithoutSignal``, ``ParallelImagingError/calibrationNotFinite``.
  public func sensitivities(
    of block: CalibrationBlock, geometry: Geometry, noise: NoiseLevel = .unknown
  ) throws(ParallelImagingError) -> [CoilSensitivities] {
    let images = try LowResolutionImages(block, geometry)
    let matrix = geometry.matrix, isPlanar = matrix.isPlanar
    let grid = isPlanar ? matrix.turned : matrix
    var maps = dominant(isPlanar ? images.samples.turned() : images.samples, grid, images.reference)
    if isPlanar { maps = maps.turnedBack(to: matrix) }
    maps.clear(outside: images.support)
    return [CoilSensitivities(maps, geometry: geometry)]
  }

  private func dominant(
    _ images: NDArray<Complex<Float>>, _ matrix: Extents, _ reference: [Complex<Float>]
  ) -> NDArray<Complex<Float>> {
    let channels = images.shape[0], voxels = matrix.count, layout = HermitianPacks(order: channels)
    let arm = width / 2
    return NDArray(uninitializedShape: images.shape) { target in
      let target = SharedBuffer(target)
      images.withUnsafeBufferPointer { images in
        let images = SharedConstants(images)
        Parallelism.forEach(matrix.x * matrix.z) { index in
          let (z, x) = index.quotientAndRemainder(dividingBy: matrix.x)
          withUnsafeTemporaryAllocation(of: Lanes.self, capacity: layout.stride + 2 * channels) { lanes in
            guard let pack = lanes.baseAddress else { return }
            let real = pack + layout.stride, imaginary = real + channels
            for first in stride(from: 0, to: matrix.y, by: HermitianPacks.width) {
              lanes.initialize(repeating: .zero)
              for row in max(0, z - arm)...min(matrix.z - 1, z + arm) {
                for shift in -arm...arm {
                  for channel in 0..<channels {
                    for lane in 0..<HermitianPacks.width {
                      let column = first + lane + shift
                      let isInside = (0..<matrix.y).contains(column)
                      let value =
                        isInside
                        ? images[channel * voxels + (row * matrix.y + column) * matrix.x + x] : .zero
                      real[channel][lane] = value.real
                      imaginary[channel][lane] = value.imaginary
                    }
                  }
                  layout.add(real: real, imaginary: imaginary, to: pack)
                }
              }
              _ = layout.dominantEigenvector(pack, real: real, imaginary: imaginary)
              for lane in 0..<min(HermitianPacks.width, matrix.y - first) {
                let vector = normalized(
                  (0..<channels).map { Complex(real[$0][lane], imaginary[$0][lane]) }, reference)
                let offset = (z * matrix.y + first + lane) * matrix.x + x
                for channel in 0..<channels { target[channel * voxels + offset] = vector[channel] }
              }
            }
          }
        }
      }
    }
  }
}

/// A vector of unit length whose product with a reference is real and positive; zero stays zero.
private func normalized(_ vector: [Complex<Float>], _ reference: [Complex<Float>]) -> [Complex<Float>] {
  var power: Float = 0, product = Complex<Float>.zero
  for (value, unit) in zip(vector, reference) {
    power += value.lengthSquared
    product += unit.conjugate * value
  }
  guard power > .leastNormalMagnitude else { return vector.map { _ in .zero } }
  let turn = product.length > 0 ? product.conjugate.divided(by: product.length) : 1
  let factor = turn.divided(by: power.squareRoot())
  return vector.map { $0 * factor }
}

/// The images of all channels from windowed calibration data alone.
private struct LowResolutionImages {
  /// The images, axes `[channel, z, y, x]`.
  let samples: NDArray<Complex<Float>>
  /// The combination of channels with the most energy.
  let reference: [Complex<Float>]
  /// Where there is signal, axes `[z, y, x]`.
  let support: NDArray<Bool>

  init(_ block: CalibrationBlock, _ geometry: Geometry) throws(ParallelImagingError) {
    let compression = try ChannelCompression(block, smallestShare: 0)
    let matrix = geometry.matrix, channels = block.samples.shape[0], view = geometry.fieldOfView
    reference = Array(compression.combinations.elements.suffix(channels))
    // As fine along the readout as along the finer of the other axes.
    let steps = max(
      matrix.y > 1 ? Double(block.region.lines.count) / view.y : 0,
      matrix.z > 1 ? Double(block.region.partitions.count) / view.z : 0)
    let length = steps > 0 ? min(matrix.x, max(1, Int((steps * view.x).rounded()))) : matrix.x
    let windows = (
      x: Self.window(length), y: Self.window(block.region.lines.count),
      z: Self.window(block.region.partitions.count)
    )
    let firstColumn = matrix.x / 2 - length / 2
    let shape = block.samples.shape
    let (firstLine, firstPartition) = (block.region.lines.lowerBound, block.region.partitions.lowerBound)
    guard firstLine >= 0, firstPartition >= 0, block.region.lines.upperBound <= matrix.y,
      block.region.partitions.upperBound <= matrix.z
    else { throw .calibrationElsewhere }
    var images = NDArray<Complex<Float>>(repeating: .zero, shape: [channels] + matrix.shape)
    images.withUnsafeMutableBufferPointer { images in
      block.samples.withUnsafeBufferPointer { source in
        for row in 0..<channels * shape[1] * shape[2] {
          let (channel, place) = row.quotientAndRemainder(dividingBy: shape[1] * shape[2])
          let (partition, line) = place.quotientAndRemainder(dividingBy: shape[2])
          let weight = windows.y[line] * windows.z[partition]
          let start =
            ((channel * matrix.z + firstPartition + partition) * matrix.y + firstLine + line) * matrix.x
            + firstColumn
          for column in 0..<length {
            images[start + column] = source[row * shape[3] + firstColumn + column].multiplied(
              by: weight * windows.x[column])
          }
        }
      }
    }
    FourierTransform(shape: matrix.shape).inverse(&images)
    samples = images
    support = Self.support(images, matrix)
  }

  /// A Hann window that is nowhere zero.
  private static func window(_ extent: Int) -> [Float] {
    (0..<extent).map { index in
      extent == 1
        ? 1 : 0.5 - 0.5 * Float.cos(2 * .pi * (Float(index - extent / 2) / Float(extent + 1) + 0.5))
    }
  }

  private static func support(_ images: NDArray<Complex<Float>>, _ matrix: Extents) -> NDArray<Bool> {
    let voxels = matrix.count
    var power = [Float](repeating: 0, count: voxels)
    images.withUnsafeBufferPointer { images in
      for (index, value) in images.enumerated() { power[index % voxels] += value.lengthSquared }
    }
    let smallest = (power.max() ?? 0) / 400
    var support = NDArray<Bool>(repeating: false, shape: matrix.shape)
    let isPlanar = matrix.isPlanar
    support.withUnsafeMutableBufferPointer { support in
      if isPlanar {
        let rows = matrix.y * matrix.z
        let flags = objectSupport(power.map { $0 >= smallest }, rows: rows, columns: matrix.x)
        for voxel in flags.indices { support[voxel] = flags[voxel] }
      } else {
        for x in 0..<matrix.x {
          let chosen = (0..<matrix.y * matrix.z).map { power[$0 * matrix.x + x] >= smallest }
          let flags = objectSupport(chosen, rows: matrix.z, columns: matrix.y)
          for voxel in flags.indices { support[voxel * matrix.x + x] = flags[voxel] }
        }
      }
    }
    return support
  }
}

extension NDArray<Complex<Float>> {
  /// Replaces the vector over the first axis of each voxel.
  fileprivate mutating func scaleVoxels(_ transform: @Sendable ([Complex<Float>]) -> [Complex<Float>]) {
    let channels = shape[0], voxels = count / channels
    withUnsafeMutableBufferPointer { elements in
      let elements = SharedBuffer(elements)
      Parallelism.forEachBlock(of: voxels, length: 4096) { block in
        for voxel in block {
          let vector = transform((0..<channels).map { elements[$0 * voxels + voxel] })
          for channel in 0..<channels { elements[channel * voxels + voxel] = vector[channel] }
        }
      }
    }
  }

  fileprivate mutating func clear(outside support: NDArray<Bool>) {
    let voxels = support.count
    withUnsafeMutableBufferPointer { elements in
      support.withUnsafeBufferPointer { support in
        for index in elements.indices where !support[index % voxels] { elements[index] = .zero }
      }
    }
  }
}
