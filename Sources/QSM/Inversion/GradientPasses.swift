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
  /// The threshold of the shrinkage.
  let threshold: Float

  /// One over the distances of neighbouring voxels [1/mm].
  private let inverseSize: SIMD3<Float>
  /// The threshold's factor for each direction and voxel, axes `[direction, z, y, x]`; 1 where absent.
  private let weights: NDArray<Float>?
  /// `v`, axes `[direction, z, y, x]`.
  private var duals: NDArray<Float>

  init(_ grid: WorkingGrid, threshold: Double, weights: NDArray<Float>? = nil) {
    precondition(
      weights.map { $0.shape == [3] + grid.matrix.shape } ?? true,
      "edge weights of shape \(weights?.shape ?? []) on a grid of \(grid.matrix)")
    matrix = grid.matrix
    inverseSize = SIMD3(1 / grid.voxelSize)
    self.threshold = Float(threshold)
    self.weights = weights
    duals = NDArray(repeating: 0, shape: [3] + grid.matrix.shape)
  }

  /// Does both passes, from `chi` to `q`.
  mutating func callAsFunction(_ susceptibility: NDArray<Float>, into result: inout NDArray<Float>) {
    update(susceptibility)
    accumulate(into: &result)
  }

  private mutating func update(_ susceptibility: NDArray<Float>) {
    let rows = Rows(self)
    let (nx, ny, count) = (matrix.x, matrix.y, matrix.count)
    let (scale, weights) = (inverseSize, self.weights)
    duals.withUnsafeMutableBufferPointer { duals in
      susceptibility.withUnsafeBufferPointer { chi in
        Self.withFactors(weights) { weights in
          let (duals, chi) = (SharedBuffer(duals), SharedConstants(chi))
          Parallelism.forEach(rows.nz) { z in
            guard let v = duals.elements.baseAddress, let chi = chi.elements.baseAddress else { return }
            for y in 0..<ny {
              let row = (z * ny + y) * nx
              let next = [row + 1, rows.after(z, y, axis: 1), rows.after(z, y, axis: 2)]
              for axis in 0..<3 {
                let offset = axis * count + row
                rows.step(
                  v + offset, chi + row, chi + next[axis], weights.map { $0 + offset }, scale: scale[axis],
                  count: axis == 0 ? nx - 1 : nx)
                if axis == 0 {
                  let last = nx - 1
                  rows.step(
                    v + offset + last, chi + row + last, chi + row, weights.map { $0 + offset + last },
                    scale: scale[axis], count: 1)
                }
              }
            }
          }
        }
      }
    }
  }

  private func accumulate(into result: inout NDArray<Float>) {
    let rows = Rows(self)
    let (nx, ny, count) = (matrix.x, matrix.y, matrix.count)
    let scale = inverseSize
    result.withUnsafeMutableBufferPointer { result in
      duals.withUnsafeBufferPointer { duals in
        Self.withFactors(weights) { weights in
          let (result, duals) = (SharedBuffer(result), SharedConstants(duals))
          Parallelism.forEach(rows.nz) { z in
            guard let q = result.elements.baseAddress, let v = duals.elements.baseAddress else { return }
            for y in 0..<ny {
              let row = (z * ny + y) * nx
              let before = [row - 1, rows.before(z, y, axis: 1), rows.before(z, y, axis: 2)]
              let target = q + row
              target.initialize(repeating: 0, count: nx)
              for axis in 0..<3 {
                let start = axis * count
                let first = axis == 0 ? 1 : 0
                rows.difference(
                  target + first, v + start + row + first, v + start + before[axis] + first,
                  weights.map { ($0 + start + row + first, $0 + start + before[axis] + first) },
                  scale: scale[axis], count: nx - first)
                if axis == 0 {
                  let last = start + row + nx - 1
                  rows.difference(
                    target, v + start + row, v + last, weights.map { ($0 + start + row, $0 + last) },
                    scale: scale[axis], count: 1)
                }
              }
            }
          }
        }
      }
    }
  }

  private static func withFactors(_ array: NDArray<Float>?, _ body: (Factors?) -> Void) {
    guard let array else { return body(nil) }
    array.withUnsafeBufferPointer { body($0.baseAddress.map(Factors.init)) }
  }

  /// Edge weights that threads read together.
  private struct Factors: @unchecked Sendable {
    // Unchecked: nobody writes them during a pass.
    let start: UnsafePointer<Float>

    static func + (factors: Factors, offset: Int) -> UnsafePointer<Float> { factors.start + offset }
  }
}

/// What the passes do to a row.
private struct Rows: Sendable {
  let nx: Int
  let ny: Int
  let nz: Int
  let threshold: Float

  init(_ passes: GradientPasses) {
    (nx, ny, nz) = (passes.matrix.x, passes.matrix.y, passes.matrix.z)
    threshold = passes.threshold
  }

  /// The offset of the row that follows along `y` (1) or `z` (2).
  func after(_ z: Int, _ y: Int, axis: Int) -> Int {
    axis == 1 ? (z * ny + (y + 1 < ny ? y + 1 : 0)) * nx : ((z + 1 < nz ? z + 1 : 0) * ny + y) * nx
  }

  /// The offset of the row that precedes along `y` (1) or `z` (2).
  func before(_ z: Int, _ y: Int, axis: Int) -> Int {
    axis == 1 ? (z * ny + (y > 0 ? y : ny) - 1) * nx : (((z > 0 ? z : nz) - 1) * ny + y) * nx
  }

  /// Updates a row: `v <- clip(v) + (next - here) scale`.
  @inline(__always)
  func step(
    _ v: UnsafeMutablePointer<Float>, _ here: UnsafePointer<Float>, _ next: UnsafePointer<Float>,
    _ weights: UnsafePointer<Float>?, scale: Float, count: Int
  ) {
    if let weights {
      for x in 0..<count {
        let t = threshold * weights[x]
        v[x] = min(max(v[x], -t), t) + (next[x] - here[x]) * scale
      }
    } else {
      for x in 0..<count { v[x] = min(max(v[x], -threshold), threshold) + (next[x] - here[x]) * scale }
    }
  }

  /// Adds to a row: `q += (p(before) - p(here)) scale` with `p(v) = v - 2 clip(v)`.
  @inline(__always)
  func difference(
    _ q: UnsafeMutablePointer<Float>, _ here: UnsafePointer<Float>, _ before: UnsafePointer<Float>,
    _ weights: (here: UnsafePointer<Float>, before: UnsafePointer<Float>)?, scale: Float, count: Int
  ) {
    if let weights {
      for x in 0..<count {
        let (t, s) = (threshold * weights.here[x], threshold * weights.before[x])
        let reflected = here[x] - 2 * min(max(here[x], -t), t)
        q[x] += (before[x] - 2 * min(max(before[x], -s), s) - reflected) * scale
      }
    } else {
      for x in 0..<count {
        let reflected = here[x] - 2 * min(max(here[x], -threshold), threshold)
        q[x] += (before[x] - 2 * min(max(before[x], -threshold), threshold) - reflected) * scale
      }
    }
  }
}
