import MRIData
import NDArrays

extension SphereMesh {
  /// The voxels inside of the surface, axes `[z, y, x]`.
  ///
  /// Along each line of voxels the surface is crossed inwards as often as outwards; a voxel is inside where the
  /// crossings so far do not cancel. Parts that overlap after a fold are inside as well.
  ///
  /// - Parameters:
  ///   - matrix: The number of voxels.
  ///   - voxelSize: The distance of neighbouring voxels in the unit of the vertices; voxel 0 lies at the origin.
  func filled(_ matrix: Extents, voxelSize: SIMD3<Double>) -> NDArray<Bool> {
    // Lines of voxels that met a vertex or an edge exactly would count it twice or never.
    let shift = SIMD3<Double>(0, 1.234e-5, 2.718e-5)
    let points = vertices.map { $0 / voxelSize + shift }
    // The change of the winding number that takes effect at each voxel and beyond.
    var steps = [Int16](repeating: 0, count: (matrix.x + 1) * matrix.y * matrix.z)
    for corner in triangles {
      let (a, b, c) = (points[corner.x], points[corner.y], points[corner.z])
      let low = pointwiseMin(pointwiseMin(a, b), c), high = pointwiseMax(pointwiseMax(a, b), c)
      let area = (b.y - a.y) * (c.z - a.z) - (b.z - a.z) * (c.y - a.y)
      guard area != 0 else { continue }
      for z in Self.lines(from: low.z, to: high.z, count: matrix.z) {
        for y in Self.lines(from: low.y, to: high.y, count: matrix.y) {
          let (u, v) = (Double(y), Double(z))
          let second = ((u - a.y) * (c.z - a.z) - (v - a.z) * (c.y - a.y)) / area
          let third = ((b.y - a.y) * (v - a.z) - (b.z - a.z) * (u - a.y)) / area
          guard second >= 0, third >= 0, second + third <= 1 else { continue }
          let x = a.x + second * (b.x - a.x) + third * (c.x - a.x)
          let first = min(max(Int(x.rounded(.up)), 0), matrix.x)
          steps[(z * matrix.y + y) * (matrix.x + 1) + first] += area < 0 ? 1 : -1
        }
      }
    }
    return NDArray(uninitializedShape: matrix.shape) { target in
      for row in 0..<matrix.y * matrix.z {
        var winding = 0
        for x in 0..<matrix.x {
          winding += Int(steps[row * (matrix.x + 1) + x])
          target[row * matrix.x + x] = winding > 0
        }
      }
    }
  }

  /// The whole numbers between two positions that are indices.
  private static func lines(from low: Double, to high: Double, count: Int) -> Range<Int> {
    let first = max(0, Int(low.rounded(.up))), end = min(count, Int(high.rounded(.down)) + 1)
    return first..<max(first, end)
  }
}
