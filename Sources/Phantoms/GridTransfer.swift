import MRIData
import NDArrays

/// Passing maps between a grid and one of half the voxel size: fine voxel `n_fine / 2` is where coarse voxel
/// `n / 2` is, and `n_fine = 2 n`.
enum GridTransfer {
  /// The fine sample that lies at the centre of a coarse voxel.
  @inline(__always)
  static func fineIndex(_ coarse: Int, extent: Int) -> Int { 2 * coarse + extent % 2 }

  /// The means over the voxels of the coarse grid.
  ///
  /// A coarse voxel covers the fine sample at its centre and half of each neighbour: weights 1/4, 1/2, 1/4.
  static func voxelMeans(_ fine: NDArray<Float>) -> NDArray<Float> {
    let shape = fine.shape.map { $0 / 2 }
    precondition(fine.shape == shape.map { 2 * $0 }, "a fine grid of odd extent in \(fine.shape)")
    let (rows, columns) = (fine.shape[1], fine.shape[2])
    return NDArray(uninitializedShape: shape) { target in
      let target = SharedBuffer(target)
      fine.withUnsafeBufferPointer { fine in
        let fine = SharedConstants(fine)
        Parallelism.forEach(shape[0]) { z in
          let planes = neighbours(of: z, extent: shape[0])
          var index = z * shape[1] * shape[2]
          for y in 0..<shape[1] {
            let lines = neighbours(of: y, extent: shape[1])
            for x in 0..<shape[2] {
              var sum: Float = 0
              for (plane, planeWeight) in planes {
                for (line, lineWeight) in lines {
                  let start = (plane * rows + line) * columns
                  let centre = start + fineIndex(x, extent: shape[2])
                  let before = max(centre - 1, start), after = min(centre + 1, start + columns - 1)
                  sum += planeWeight * lineWeight * (0.25 * (fine[before] + fine[after]) + 0.5 * fine[centre])
                }
              }
              target[index] = sum
              index += 1
            }
          }
        }
      }
    }
  }

  /// The samples at the centres of the voxels of the coarse grid.
  static func centres<Element>(_ fine: NDArray<Element>) -> NDArray<Element> {
    let shape = fine.shape.map { $0 / 2 }
    return NDArray(uninitializedShape: shape) { target in
      fine.withUnsafeBufferPointer { fine in
        var index = 0
        for z in 0..<shape[0] {
          for y in 0..<shape[1] {
            let plane = fineIndex(z, extent: shape[0]) * 2 * shape[1]
            let row = (plane + fineIndex(y, extent: shape[1])) * 2 * shape[2]
            for x in 0..<shape[2] {
              target.initializeElement(at: index, to: fine[row + fineIndex(x, extent: shape[2])])
              index += 1
            }
          }
        }
      }
    }
  }

  /// Adds a smooth map on the coarse grid, interpolated linearly, to a map on the fine grid.
  static func addInterpolated(_ coarse: NDArray<Float>, to fine: inout NDArray<Float>) {
    let shape = coarse.shape
    precondition(
      fine.shape == shape.map { 2 * $0 }, "\(fine.shape) is not twice as fine as \(shape)")
    fine.withUnsafeMutableBufferPointer { fine in
      let fine = SharedBuffer(fine)
      coarse.withUnsafeBufferPointer { coarse in
        let coarse = SharedConstants(coarse)
        Parallelism.forEach(2 * shape[0]) { z in
          let (z0, z1) = surroundings(of: z, extent: shape[0])
          var index = z * 4 * shape[1] * shape[2]
          for y in 0..<2 * shape[1] {
            let (y0, y1) = surroundings(of: y, extent: shape[1])
            let rows = [
              z0 * shape[1] + y0, z0 * shape[1] + y1, z1 * shape[1] + y0, z1 * shape[1] + y1,
            ].map { $0 * shape[2] }
            for x in 0..<2 * shape[2] {
              let (x0, x1) = surroundings(of: x, extent: shape[2])
              var sum: Float = 0
              for row in rows { sum += coarse[row + x0] + coarse[row + x1] }
              fine[index] += sum / 8
              index += 1
            }
          }
        }
      }
    }
  }

  private static func neighbours(of coarse: Int, extent: Int) -> [(Int, Float)] {
    let centre = fineIndex(coarse, extent: extent)
    return [(max(centre - 1, 0), 0.25), (centre, 0.5), (min(centre + 1, 2 * extent - 1), 0.25)]
  }

  /// The coarse voxels on both sides of a fine sample; the same voxel twice where they coincide.
  @inline(__always)
  private static func surroundings(of fine: Int, extent: Int) -> (Int, Int) {
    let doubled = fine - extent % 2
    return (max(doubled >> 1, 0), min((doubled + 1) >> 1, extent - 1))
  }
}
