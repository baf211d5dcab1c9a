import LinearAlgebra
import MRIData
import NDArrays
import Numerics

/// How a sample of every channel follows from its neighbours in `(ky, kz)`, of all channels.
///
/// ```
/// k[t, r] = sum_(s, d) K[t, s, d] k[s, r + d]       K[t, t, 0] = 0
/// K[t] = -P[t, .] / P[t, t]                          P = (R + damping mean(R[i, i]) I)^(-1), R the covariance of patches
/// ```
///
/// One inverse serves all channels: the best prediction of a component from all others is a row of `P`.
struct ConsistencyKernel: Sendable {
  /// The weights, axes `[target channel, source channel, dz, dy]`; offset zero at half the odd extents.
  let weights: NDArray<Complex<Float>>

  /// The kernel of a Gram matrix `sum conj(z) z^T` of patches `z[channel, dz, dy]`, of which the lower triangle is
  /// read; zero for a matrix of zeros.
  ///
  /// - Throws: ``ParallelImagingError/calibrationNotFinite``.
  init(
    _ gram: NDArray<Complex<Float>>, channels: Int, extents: KernelExtents, damping: Float
  ) throws(ParallelImagingError) {
    let order = gram.shape[0], size = extents.count, centre = size / 2
    let shape = [channels, channels, extents.partitions, extents.lines]
    let trace = (0..<order).reduce(0.0) { $0 + Double(gram[$1, $1].real) }
    guard trace.isFinite else { throw .calibrationNotFinite }
    guard trace > 0 else {
      weights = NDArray(repeating: .zero, shape: shape)
      return
    }
    var targets = NDArray<Complex<Float>>(repeating: .zero, shape: [channels, order])
    for channel in 0..<channels { targets[channel, channel * size + centre] = 1 }
    var share = damping
    while true {
      var inverse = targets
      do throws(LinearAlgebraError) {
        var matrix = Self.damped(gram, by: share * Float(trace / Double(order)))
        try inverse.withUnsafeMutableBufferPointer { (right) throws(LinearAlgebraError) in
          try matrix.withUnsafeMutableBufferPointer { (matrix) throws(LinearAlgebraError) in
            try solvePositiveDefinite(right, matrix, order: order)
          }
        }
      } catch .notPositiveDefinite where share < 1 {
        // Rounding errors; noise-free patches span few dimensions.
        share = max(10 * share, 1e-7)
        continue
      } catch {
        throw .calibrationNotFinite
      }
      for channel in 0..<channels {
        let own = channel * size + centre
        let scale = -1 / inverse[channel, own].real
        for index in 0..<order { inverse[channel, index] = inverse[channel, index].multiplied(by: scale) }
        inverse[channel, own] = .zero
      }
      weights = inverse.reshaped(to: shape)
      return
    }
  }

  private init(weights: NDArray<Complex<Float>>) { self.weights = weights }

  /// The covariance, in the upper triangle, with something added to its diagonal.
  private static func damped(_ gram: NDArray<Complex<Float>>, by damping: Float) -> NDArray<Complex<Float>> {
    let order = gram.shape[0]
    return NDArray(uninitializedShape: gram.shape) { target in
      gram.withUnsafeBufferPointer { gram in
        target.initialize(repeating: .zero)
        for row in 0..<order {
          for column in 0...row { target[column * order + row] = gram[row * order + column] }
          target[row * order + row].real += damping
        }
      }
    }
  }

  /// The weights between two kernels.
  func interpolated(to other: ConsistencyKernel, fraction: Float) -> ConsistencyKernel {
    var sum = weights
    sum.scale(by: Double(1 - fraction))
    sum.add(other.weights, times: Double(fraction))
    return ConsistencyKernel(weights: sum)
  }
}

/// Kernels at a few positions along the readout, and between them.
struct ConsistencyNodes: Sendable {
  private let nodes: [ConsistencyKernel]
  /// Every `stride`-th of so many positions is a node.
  private let stride: Int
  private let positions: Int
  let extents: KernelExtents

  private static let largestNodeCount = 32

  /// Calibrates kernels in hybrid space, each from the positions up to the next ones, nearer ones counting more.
  ///
  /// - Throws: ``ParallelImagingError/calibrationTooSmall(lines:partitions:kernel:)``,
  ///   ``ParallelImagingError/calibrationWithoutSignal``, ``ParallelImagingError/calibrationNotFinite``.
  init(
    _ block: CalibrationBlock, of matrix: Extents, kernelWidth: Int, damping: Float
  ) throws(ParallelImagingError) {
    // Half of the region leaves as many patches along an axis as the kernel is wide.
    func extent(_ axis: Int, _ region: Int) -> Int {
      axis == 1 ? 1 : (min(kernelWidth, region / 2) - 1) / 2 * 2 + 1
    }
    let region = block.region
    let extents = KernelExtents(
      lines: extent(matrix.y, region.lines.count), partitions: extent(matrix.z, region.partitions.count))
    guard matrix.y == 1 || region.lines.count >= 6, matrix.z == 1 || region.partitions.count >= 6 else {
      throw .calibrationTooSmall(
        lines: region.lines.count, partitions: region.partitions.count,
        kernel: "\(matrix.y == 1 ? 1 : 3)x\(matrix.z == 1 ? 1 : 3)")
    }
    self.extents = extents
    let channels = block.samples.shape[0], order = channels * extents.count
    let count = min(matrix.x, Self.largestNodeCount)
    let patches =
      (region.lines.count - extents.lines + 1) * (region.partitions.count - extents.partitions + 1)
    // Few patches per position, as in a two-dimensional scan, are made up for by more positions.
    let stride = max(1, min((order + patches - 1) / patches, matrix.x / count))
    self.stride = stride
    positions = count * stride
    let profiles = CalibrationProfiles(block, positions: count * stride)

    let kernels = OrderedResults<ConsistencyKernel, ParallelImagingError>(count)
    kernels.forEach { (node) throws(ParallelImagingError) in
      var gram = NDArray<Complex<Float>>(repeating: .zero, shape: [order, order])
      let centre = node * stride
      for position in max(0, centre - stride + 1)..<min(profiles.positions, centre + stride) {
        let weight = 1 - Float(abs(position - centre)) / Float(stride)
        profiles.addGram(of: position, kernel: extents, times: weight, to: &gram)
      }
      return try ConsistencyKernel(gram, channels: channels, extents: extents, damping: damping)
    }
    nodes = try kernels.get()
    guard nodes.contains(where: { $0.weights.squaredNorm > 0 }) || channels == 1 else {
      throw .calibrationWithoutSignal
    }
  }

  /// The kernel at a voxel of the readout.
  func kernel(at voxel: Int, of length: Int) -> ConsistencyKernel {
    let fromCentre = Float((voxel - length / 2) * positions) / Float(length)
    let place = (Float(positions / 2) + fromCentre) / Float(stride)
    let clamped = min(max(place, 0), Float(nodes.count - 1))
    let lower = min(Int(clamped), max(nodes.count - 2, 0))
    return nodes[lower].interpolated(
      to: nodes[min(lower + 1, nodes.count - 1)], fraction: clamped - Float(lower))
  }
}
