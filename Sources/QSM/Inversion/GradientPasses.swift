import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// What one iteration of a total-variation solver does to a volume on its way to k-space.
///
/// With `t` the threshold of the shrinkage, `clip(v)` the part of `v` within `-t ... t`, and `G` forward differences
/// that wrap around:
///
/// ```
/// v <- clip(v) + G chi            the scaled dual variable is clip(v), the split gradient v - clip(v)
/// p <- v - 2 clip(v)
/// q <- G^T p                      what the next chi is drawn to
/// ```
///
/// so that only `v` has to be kept: `p` and `q` are made plane by plane, while the planes are in cache.
struct GradientPasses {
  let matrix: Extents
  /// The threshold of the shrinkage.
  var threshold: Float

  /// One over the distances of neighbouring voxels [1/mm].
  private let inverseSize: SIMD3<Float>
  /// The threshold's factor for each direction and voxel, axes `[direction, z, y, x]`; 1 where absent.
  var weights: NDArray<Float>?
  /// `v`, axes `[direction, z, y, x]`.
  private var duals: NDArray<Float>
  /// `p` along `z` of the planes before the runs, axes `[run, y, x]`.
  private var borders: NDArray<Float>

  /// How many planes a thread makes in one go.
  private static let run = 8

  init(_ grid: WorkingGrid, threshold: Double, weights: NDArray<Float>? = nil) {
    precondition(
      weights.map { $0.shape == [3] + grid.matrix.shape } ?? true,
      "edge weights of shape \(weights?.shape ?? []) on a grid of \(grid.matrix)")
    matrix = grid.matrix
    inverseSize = SIMD3(1 / grid.voxelSize)
    self.threshold = Float(threshold)
    self.weights = weights
    duals = NDArray(repeating: 0, shape: [3] + matrix.shape)
    borders = NDArray(
      repeating: 0, shape: [(matrix.z + Self.run - 1) / Self.run, matrix.y, matrix.x])
  }

  /// Goes from `chi` to the transform of `q` along the two inner axes.
  mutating func callAsFunction(
    _ susceptibility: NDArray<Float>, by transform: RealFourierTransform,
    into workspace: inout NDArray<Complex<Float>>
  ) {
    let (matrix, scale, threshold) = (self.matrix, inverseSize, self.threshold)
    duals.withUnsafeMutableBufferPointer { duals in
      borders.withUnsafeMutableBufferPointer { borders in
        susceptibility.withUnsafeBufferPointer { chi in
          Self.withFactors(weights) { weights in
            let (duals, borders) = (SharedBuffer(duals), SharedBuffer(borders))
            let chi = SharedConstants(chi)
            @Sendable func axis(_ axis: Int) -> Direction? {
              guard let v = duals.elements.baseAddress, let chi = chi.elements.baseAddress else { return nil }
              let offset = axis * matrix.count
              return Direction(
                v: v + offset, chi: chi, weights: weights.map { $0 + offset }, scale: scale[axis],
                threshold: threshold)
            }
            let plane = matrix.x * matrix.y
            // Before another thread makes the plane before a run.
            Parallelism.forEach(borders.elements.count / plane) { run in
              let z = run * Self.run
              guard let border = borders.elements.baseAddress.map({ $0 + run * plane }), let axis = axis(2)
              else { return }
              let before = (z > 0 ? z : matrix.z) - 1
              axis.peek(before * plane, next: z * plane, into: border, count: plane)
            }
            transform.forwardPlanes(into: &workspace, inRunsOf: Self.run) { run, q, done in
              guard let border = borders.elements.baseAddress.map({ $0 + run.lowerBound / Self.run * plane }),
                let x = axis(0), let y = axis(1), let z = axis(2)
              else { return }
              withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * matrix.x) { memory in
                memory.initialize(repeating: 0)
                guard let p = memory.baseAddress else { return }
                let before = p + matrix.x
                for slice in run {
                  let start = slice * plane
                  let nextSlice = (slice + 1 < matrix.z ? slice + 1 : 0) * plane
                  let last = (matrix.y - 1) * matrix.x
                  y.peek(start + last, next: start, into: before, count: matrix.x)
                  for row in stride(from: 0, to: plane, by: matrix.x) {
                    let target = q + row
                    x.stepAlong(start + row, into: p, count: matrix.x)
                    x.difference(p, into: target, count: matrix.x)
                    y.step(
                      start + row, next: start + (row < last ? row + matrix.x : 0), into: p, count: matrix.x)
                    y.add(p, after: before, to: target, count: matrix.x)
                    z.step(start + row, next: nextSlice + row, into: p, count: matrix.x)
                    z.add(p, after: border + row, to: target, count: matrix.x)
                  }
                  done(slice)
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

/// What the passes do to a row along one direction.
///
/// Loops are short enough for the compiler to see that their pointers do not overlap, and to use vectors.
private struct Direction {
  let v: UnsafeMutablePointer<Float>
  let chi: UnsafePointer<Float>
  let weights: UnsafePointer<Float>?
  let scale: Float
  let threshold: Float

  /// Updates `v` of a row, whose neighbours start at `next`, and gives its `p`.
  @inline(__always)
  func step(_ start: Int, next: Int, into p: UnsafeMutablePointer<Float>, count: Int) {
    update(v + start, start, next: next, count: count)
    reflect(v + start, start, into: p, count: count)
  }

  /// Updates `v` of a row along `x`, whose last voxel precedes its first, and gives its `p`.
  @inline(__always)
  func stepAlong(_ start: Int, into p: UnsafeMutablePointer<Float>, count: Int) {
    let last = start + count - 1
    update(v + start, start, next: start + 1, count: count - 1)
    update(v + last, last, next: start, count: 1)
    reflect(v + start, start, into: p, count: count)
  }

  /// What `p` of a row will be, without updating `v`.
  @inline(__always)
  func peek(_ start: Int, next: Int, into p: UnsafeMutablePointer<Float>, count: Int) {
    p.update(from: v + start, count: count)
    update(p, start, next: next, count: count)
    reflect(p, start, into: p, count: count)
  }

  /// Sets a row to `q = (p(before) - p(here)) scale` along `x`.
  @inline(__always)
  func difference(_ p: UnsafePointer<Float>, into q: UnsafeMutablePointer<Float>, count: Int) {
    q[0] = (p[count - 1] - p[0]) * scale
    for x in 1..<max(count, 1) { q[x] = (p[x - 1] - p[x]) * scale }
  }

  /// Adds to a row `q += (p(before) - p(here)) scale`; `p(here)` is the next row's `p(before)`.
  @inline(__always)
  func add(
    _ p: UnsafePointer<Float>, after before: UnsafeMutablePointer<Float>, to q: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    for x in 0..<count {
      q[x] += (before[x] - p[x]) * scale
      before[x] = p[x]
    }
  }

  /// Updates the row: `v <- clip(v) + (next - here) scale`.
  @inline(__always)
  private func update(_ v: UnsafeMutablePointer<Float>, _ start: Int, next: Int, count: Int) {
    let (here, next) = (chi + start, chi + next)
    if let weights {
      for x in 0..<count {
        let t = threshold * weights[start + x]
        v[x] = min(max(v[x], -t), t) + (next[x] - here[x]) * scale
      }
    } else {
      for x in 0..<count { v[x] = min(max(v[x], -threshold), threshold) + (next[x] - here[x]) * scale }
    }
  }

  /// Gives a row's `p <- v - 2 clip(v)`.
  @inline(__always)
  private func reflect(
    _ v: UnsafePointer<Float>, _ start: Int, into p: UnsafeMutablePointer<Float>, count: Int
  ) {
    if let weights {
      for x in 0..<count {
        let t = threshold * weights[start + x]
        p[x] = v[x] - 2 * min(max(v[x], -t), t)
      }
    } else {
      for x in 0..<count { p[x] = v[x] - 2 * min(max(v[x], -threshold), threshold) }
    }
  }
}
