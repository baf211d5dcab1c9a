import MRIData
import NDArrays

/// The two passes over a volume that one iteration of a total-variation solver needs besides transforms.
///
/// With `t` the threshold of the shrinkage, `clip(v)` the part of `v` within `-t ... t`, and `G` forward differences
/// that wrap around:
///
/// ```
/// v <- clip(v) + G chi            the scaled dual variable is clip(v), the split gradient v - clip(v)
/// q <- G^T (v - 2 clip(v))        what the next chi is drawn to
/// ```
///
/// so that only `v` has to be kept.
struct GradientPasses {
  let matrix: Extents
  /// One over the distances of neighbouring voxels [1/mm].
  let inverseSize: SIMD3<Float>
  /// The threshold of the shrinkage.
  let threshold: Float
  /// The threshold's factor for each direction and voxel; 1 where absent.
  let weights: [NDArray<Float>]?
  /// `v`, one volume per direction.
  private var duals: [NDArray<Float>]

  init(_ grid: WorkingGrid, threshold: Double, weights: [NDArray<Float>]?) {
    matrix = grid.matrix
    inverseSize = SIMD3(1 / grid.voxelSize)
    self.threshold = Float(threshold)
    self.weights = weights
    duals = (0..<3).map { _ in NDArray(repeating: 0, shape: grid.matrix.shape) }
  }

  /// Does both passes, from `chi` to `q`.
  mutating func callAsFunction(_ susceptibility: NDArray<Float>, into result: inout NDArray<Float>) {
    for axis in 0..<3 { update(axis, susceptibility) }
    for axis in 0..<3 { accumulate(axis, into: &result) }
  }

  /// The offset of the row that follows or precedes a row along an axis other than `x`.
  private func neighbour(_ axis: Int, _ z: Int, _ y: Int, step: Int) -> Int {
    let (nz, ny) = (matrix.z, matrix.y)
    let row = axis == 1 ? z * ny + (y + step + ny) % ny : (z + step + nz) % nz * ny + y
    return row * matrix.x
  }

  private mutating func update(_ axis: Int, _ susceptibility: NDArray<Float>) {
    let (nx, ny) = (matrix.x, matrix.y)
    let (scale, threshold) = (inverseSize[axis], self.threshold)
    let weights = self.weights?[axis]
    let grid = self
    duals[axis].withUnsafeMutableBufferPointer { dual in
      susceptibility.withUnsafeBufferPointer { chi in
        grid.withOptional(weights) { weights in
          let (dual, chi) = (SharedBuffer(dual), SharedConstants(chi))
          Parallelism.forEach(grid.matrix.z) { z in
            guard let dual = dual.elements.baseAddress, let chi = chi.elements.baseAddress else { return }
            for y in 0..<ny {
              let row = (z * ny + y) * nx
              let (v, here) = (dual + row, chi + row)
              let next = axis == 0 ? here + 1 : chi + grid.neighbour(axis, z, y, step: 1)
              let count = axis == 0 ? nx - 1 : nx
              if let weights = weights?.elements.baseAddress {
                let weight = weights + row
                for x in 0..<count {
                  let t = threshold * weight[x]
                  v[x] = min(max(v[x], -t), t) + (next[x] - here[x]) * scale
                }
              } else {
                for x in 0..<count {
                  v[x] = min(max(v[x], -threshold), threshold) + (next[x] - here[x]) * scale
                }
              }
              if axis == 0 {
                let t = threshold * (weights.map { $0[row + count] } ?? 1)
                v[count] = min(max(v[count], -t), t) + (here[0] - here[count]) * scale
              }
            }
          }
        }
      }
    }
  }

  private func accumulate(_ axis: Int, into result: inout NDArray<Float>) {
    let (nx, ny) = (matrix.x, matrix.y)
    let (scale, threshold) = (inverseSize[axis], self.threshold)
    result.withUnsafeMutableBufferPointer { result in
      duals[axis].withUnsafeBufferPointer { dual in
        withOptional(weights?[axis]) { weights in
          let (result, dual) = (SharedBuffer(result), SharedConstants(dual))
          Parallelism.forEach(matrix.z) { z in
            guard let q = result.elements.baseAddress, let dual = dual.elements.baseAddress else { return }
            /// `v - 2 clip(v)`
            func reflected(_ offset: Int) -> Float {
              let t = threshold * (weights.map { $0[offset] } ?? 1)
              return dual[offset] - 2 * min(max(dual[offset], -t), t)
            }
            for y in 0..<ny {
              let row = (z * ny + y) * nx
              // Along x, the first voxel's neighbour is the last; elsewhere the neighbours form a row.
              let previous = axis == 0 ? row - 1 : neighbour(axis, z, y, step: -1)
              let first = axis == 0 ? 1 : 0
              if let weights = weights?.elements.baseAddress {
                for x in first..<max(nx, first) {
                  let (t, s) = (threshold * weights[row + x], threshold * weights[previous + x])
                  let here = dual[row + x] - 2 * min(max(dual[row + x], -t), t)
                  let before = dual[previous + x] - 2 * min(max(dual[previous + x], -s), s)
                  q[row + x] = (axis == 0 ? 0 : q[row + x]) + (before - here) * scale
                }
              } else {
                for x in first..<max(nx, first) {
                  let here = dual[row + x] - 2 * min(max(dual[row + x], -threshold), threshold)
                  let before =
                    dual[previous + x] - 2 * min(max(dual[previous + x], -threshold), threshold)
                  q[row + x] = (axis == 0 ? 0 : q[row + x]) + (before - here) * scale
                }
              }
              if axis == 0 { q[row] = (reflected(row + nx - 1) - reflected(row)) * scale }
            }
          }
        }
      }
    }
  }

  private func withOptional(_ array: NDArray<Float>?, _ body: (SharedConstants<Float>?) -> Void) {
    guard let array else { return body(nil) }
    array.withUnsafeBufferPointer { body(SharedConstants($0)) }
  }
}
