import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// A vector of unit length whose product with a reference is real and positive; zero stays zero.
func normalized(_ vector: [Complex<Float>], _ reference: [Complex<Float>]) -> [Complex<Float>] {
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
struct LowResolutionImages {
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
  mutating func scaleVoxels(_ transform: @Sendable ([Complex<Float>]) -> [Complex<Float>]) {
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

  mutating func clear(outside support: NDArray<Bool>) {
    let voxels = support.count
    withUnsafeMutableBufferPointer { elements in
      support.withUnsafeBufferPointer { support in
        for index in elements.indices where !support[index % voxels] { elements[index] = .zero }
      }
    }
  }
}
