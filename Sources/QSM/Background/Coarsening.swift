import MRIData
import NDArrays

/// A grid of larger voxels over a working grid, for what is smooth.
///
/// Sides that are short beside the longest are joined by twos, so that voxels come near to cubes; and all sides while the
/// object stays 100 voxels long.
struct Coarsening {
  /// How many voxels are joined along x, y and z: powers of two.
  let factors: Extents
  /// The extents of the coarse grid.
  let matrix: Extents
  /// The sides of its voxels, in the unit of the fine ones.
  let voxelSize: SIMD3<Double>
  private let fine: Extents

  private static let leastLength = 100.0

  /// Joins voxels as long as they stay shorter than their longest side, or small beside the object.
  init(of grid: WorkingGrid) {
    var (factors, matrix, size) = (Extents(x: 1, y: 1, z: 1), grid.matrix, grid.voxelSize)
    let longest = size.max() * (1 - 1e-9)
    let largest = (grid.boxSize * size).max() / Self.leastLength
    for axis in 0..<3 {
      while matrix[axis] % 2 == 0, 2 * size[axis] < longest || 2 * size[axis] <= largest {
        factors[axis] *= 2
        matrix[axis] /= 2
        size[axis] *= 2
      }
    }
    (self.factors, self.matrix, voxelSize, fine) = (factors, matrix, size, grid.matrix)
  }

  /// Means over the joined voxels.
  func means(of volume: NDArray<Float>) -> NDArray<Float> {
    let part = 1 / Float(factors.count)
    var result = NDArray<Float>(repeating: 0, shape: matrix.shape)
    result.withUnsafeMutableBufferPointer { result in
      volume.withUnsafeBufferPointer { volume in
        let (result, volume) = (SharedBuffer(result), SharedConstants(volume))
        Parallelism.forEach(matrix.z) { z in
          for fineZ in z * factors.z..<(z + 1) * factors.z {
            for y in 0..<fine.y {
              let from = (fineZ * fine.y + y) * fine.x
              let to = (z * matrix.y + y / factors.y) * matrix.x
              for x in 0..<fine.x { result[to + x / factors.x] += part * volume[from + x] }
            }
          }
        }
      }
    }
    return result
  }

  /// The volume whose joined voxels all have the value of the coarse one.
  func spread(_ coarse: NDArray<Float>) -> NDArray<Float> {
    NDArray(uninitializedShape: fine.shape) { result in
      coarse.withUnsafeBufferPointer { coarse in
        let (result, coarse) = (SharedBuffer(result), SharedConstants(coarse))
        Parallelism.forEach(fine.z) { z in
          for y in 0..<fine.y {
            let from = (z / factors.z * matrix.y + y / factors.y) * matrix.x
            let to = (z * fine.y + y) * fine.x
            for x in 0..<fine.x { result[to + x] = coarse[from + x / factors.x] }
          }
        }
      }
    }
  }
}
