import MRIData
import NDArrays

/// How far voxels lie from the outside of a mask.
enum DistanceMap {
  /// The squared distance to the nearest voxel outside the mask, at most that of a reach; zero outside.
  ///
  /// What lies beyond the grid is outside. Distances and the reach are in the unit of the voxel size.
  static func squares(
    of mask: NDArray<Bool>, matrix: Extents, voxelSize: SIMD3<Double>, reach: Double
  ) -> NDArray<Float> {
    let limit = Float(Ball.squaredReach(reach) * (1 + 1e-6))
    var squares = NDArray<Float>(uninitializedShape: matrix.shape) { squares in
      mask.withUnsafeBufferPointer { mask in
        for row in 0..<matrix.z * matrix.y {
          let start = row * matrix.x
          var last = -1
          for x in 0..<matrix.x {
            if !mask[start + x] { last = x }
            let distance = Double(x - last) * voxelSize.x
            squares[start + x] = min(Float(distance * distance), limit)
          }
          last = matrix.x
          for x in stride(from: matrix.x - 1, through: 0, by: -1) {
            if !mask[start + x] { last = x }
            let distance = Double(last - x) * voxelSize.x
            squares[start + x] = min(Float(distance * distance), squares[start + x])
          }
        }
      }
    }
    for axis in 1...2 {
      let steps = Int((Double(limit).squareRoot() / voxelSize[axis]).rounded(.up))
      squares = spread(squares, matrix: matrix, axis: axis, steps: steps, voxelSize: voxelSize[axis])
    }
    return squares
  }

  /// The least of the values of neighbours along an axis plus their squared distances.
  private static func spread(
    _ source: NDArray<Float>, matrix: Extents, axis: Int, steps: Int, voxelSize: Double
  ) -> NDArray<Float> {
    let (nx, ny, nz) = (matrix.x, matrix.y, matrix.z)
    let (extent, stride) = axis == 1 ? (ny, nx) : (nz, nx * ny)
    var result = source
    result.withUnsafeMutableBufferPointer { result in
      source.withUnsafeBufferPointer { source in
        let (result, source) = (SharedBuffer(result), SharedConstants(source))
        Parallelism.forEach(nz) { z in
          guard let result = result.elements.baseAddress, let source = source.elements.baseAddress else {
            return
          }
          for y in 0..<ny {
            let row = (z * ny + y) * nx
            let target = result + row
            let position = axis == 1 ? y : z
            for step in -steps...steps where step != 0 {
              let distance = Double(step) * voxelSize
              let square = Float(distance * distance)
              if position + step < 0 || position + step >= extent {
                for x in 0..<nx { target[x] = min(target[x], square) }
              } else {
                let other = source + row + step * stride
                for x in 0..<nx { target[x] = min(target[x], other[x] + square) }
              }
            }
          }
        }
      }
    }
    return result
  }
}
