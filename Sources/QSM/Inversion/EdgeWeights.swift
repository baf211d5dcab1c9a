import MRIData
import NDArrays

/// Where susceptibility may change at no price: where a magnitude does.
///
/// Along each axis, the gradient of susceptibility is weighted with 0 between neighbours whose magnitudes differ more
/// than a threshold, and with 1 elsewhere; the threshold is such that a fraction of the mask's neighbours are edges.
///
/// - SeeAlso: J. Liu et al., "Morphology enabled dipole inversion for quantitative susceptibility mapping using
///   structural consistency between the magnitude image and the susceptibility map", NeuroImage 59:2560, 2012,
///   doi:10.1016/j.neuroimage.2011.08.082.
public struct EdgeWeights: Sendable {
  /// The fraction of neighbours in the mask that count as edges.
  public var fraction: Double

  /// Creates the weights.
  ///
  /// - Precondition: The fraction lies between 0 and 1.
  public init(fraction: Double = 0.3) {
    precondition(fraction >= 0 && fraction <= 1, "a fraction of \(fraction)")
    self.fraction = fraction
  }

  /// The weights on a grid; see ``factors(of:mask:voxelSize:)``.
  func factors(of magnitude: NDArray<Float>, on grid: WorkingGrid) -> NDArray<Float> {
    factors(of: magnitude, mask: grid.mask, voxelSize: grid.voxelSize)
  }

  /// The weights, axes `[direction, z, y, x]`; 1 across the border of the mask.
  ///
  /// - Parameters:
  ///   - magnitude: The magnitude, axes `[z, y, x]`.
  ///   - mask: The mask, axes `[z, y, x]`.
  ///   - voxelSize: The distance of neighbours, x first.
  func factors(
    of magnitude: NDArray<Float>, mask: NDArray<Bool>, voxelSize: SIMD3<Double>
  ) -> NDArray<Float> {
    let extents = [mask.shape[2], mask.shape[1], mask.shape[0]], count = extents.reduce(1, *)
    var slopes = NDArray<Float>(repeating: -1, shape: [3] + mask.shape)
    var sample: [Float] = []
    let strides = [1, extents[0], extents[0] * extents[1]]
    slopes.withUnsafeMutableBufferPointer { slopes in
      magnitude.withUnsafeBufferPointer { magnitude in
        mask.withUnsafeBufferPointer { mask in
          for axis in 0..<3 {
            let (stride, start) = (strides[axis], axis * count)
            let scale = Float(1 / voxelSize[axis])
            for voxel in 0..<max(0, count - stride) {
              // A step beyond the end of a row ends outside the mask, or at a neighbour that wraps around.
              guard voxel / stride % extents[axis] < extents[axis] - 1, mask[voxel], mask[voxel + stride]
              else { continue }
              slopes[start + voxel] = abs(magnitude[voxel + stride] - magnitude[voxel]) * scale
              if (voxel + axis) % 16 == 0 { sample.append(slopes[start + voxel]) }
            }
          }
        }
      }
    }
    sample.sort()
    let index = Int(Double(sample.count) * (1 - fraction))
    let threshold = index < sample.count ? sample[index] : .infinity
    return slopes.map { $0 > threshold ? 0 : 1 }
  }

  /// Weights that fall where a map has edges: `1 / (1 + (|G chi| scale)^2)`, axes `[direction, z, y, x]`.
  ///
  /// - Parameters:
  ///   - map: The susceptibility [ppm].
  ///   - scale: One over the gradient that counts half [mm/ppm].
  ///   - other: Weights to multiply them with.
  ///   - grid: The grid, which repeats.
  static func adapted(
    to map: NDArray<Float>, scale: Float, times other: NDArray<Float>?, on grid: WorkingGrid
  ) -> NDArray<Float> {
    let matrix = grid.matrix, strides = [1, matrix.x, matrix.x * matrix.y]
    let factors = SIMD3<Float>(1 / grid.voxelSize) * scale
    var weights = NDArray<Float>(uninitializedShape: [3] + matrix.shape) { weights in
      map.withUnsafeBufferPointer { map in
        let (weights, map) = (SharedBuffer(weights), SharedConstants(map))
        Parallelism.forEach(3 * matrix.z) { plane in
          let (axis, z) = (plane / matrix.z, plane % matrix.z)
          let step = strides[axis], extent = matrix[axis]
          for y in 0..<matrix.y {
            let row = (z * matrix.y + y) * matrix.x
            for x in 0..<matrix.x {
              let place = axis == 0 ? x : axis == 1 ? y : z
              let next = row + x + (place < extent - 1 ? step : step * (1 - extent))
              let slope = (map[next] - map[row + x]) * factors[axis]
              weights[axis * matrix.count + row + x] = 1 / (1 + slope * slope)
            }
          }
        }
      }
    }
    if let other { weights = weights.combined(with: other) { $0 * $1 } }
    return weights
  }
}
