import MRIData
import NDArrays

/// The volumes that edges are judged by, laid out alike.
struct EdgeVolumes {
  let matrix: Extents
  let phase: UnsafePointer<Float>
  /// The phase of another echo.
  var second: UnsafePointer<Float>?
  /// The magnitude, zero outside of the mask.
  var magnitude: UnsafePointer<Float>?
  /// The standard deviation of the phase.
  var noise: UnsafePointer<Float>?
  /// Where the first voxel of an edge has to lie.
  var mask: UnsafePointer<Bool>?

  /// The distances in memory of neighbours along `x`, `y` and `z`.
  var steps: [Int] { [1, matrix.x, matrix.x * matrix.y] }

  /// Calls a closure with the weights of the edges along one axis of one row, eight at a time.
  ///
  /// - Parameters:
  ///   - axis: 0 for edges along `x`.
  ///   - row: The number of the row, `y + z * matrix.y`.
  ///   - terms: What edges are judged by.
  ///   - body: Takes the index of the first edge's first voxel, the number of edges that exist, and their weights.
  @inline(__always)
  func forEachEdge(
    axis: Int, row: Int, _ terms: EdgeTerms, _ body: (_ start: Int, _ count: Int, _ weights: Voxels) -> Void
  ) {
    let y = row % matrix.y, z = row / matrix.y
    if axis == 1, y == matrix.y - 1 { return }
    if axis == 2, z == matrix.z - 1 { return }
    let step = axis == 0 ? 1 : axis == 1 ? matrix.x : matrix.x * matrix.y
    let length = axis == 0 ? matrix.x - 1 : matrix.x
    let total = matrix.count
    let second = terms.gradient ? second : nil
    for x in stride(from: 0, to: length, by: Voxels.scalarCount) {
      let start = row * matrix.x + x, count = min(Voxels.scalarCount, length - x)
      if let mask, !(start..<start + count).contains(where: { mask[$0] }) { continue }
      let isInside = start >= step && start + 2 * step + Voxels.scalarCount <= total
      let edges =
        isInside
        ? values(at: start, step, second: second) { pointer, index in
          UnsafeRawPointer(pointer + index).loadUnaligned(as: Voxels.self)
        }
        : valuesAtEnd(at: start, step, second: second)
      body(
        start, count,
        terms.weights(
          edges, hasSecond: second != nil, hasMagnitude: magnitude != nil, hasNoise: noise != nil))
    }
  }

  @inline(__always)
  private func values(
    at start: Int, _ step: Int, second: UnsafePointer<Float>?,
    load: (UnsafePointer<Float>, Int) -> Voxels
  ) -> EdgeValues {
    var edges = EdgeValues()
    edges.phase = (load(phase, start), load(phase, start + step))
    edges.before = load(phase, start - step)
    edges.behind = load(phase, start + 2 * step)
    if let second { edges.second = (load(second, start), load(second, start + step)) }
    if let magnitude { edges.magnitude = (load(magnitude, start), load(magnitude, start + step)) }
    if let noise { edges.noise = (load(noise, start), load(noise, start + step)) }
    return edges
  }

  /// The values where some would lie outside of the volume; those are not numbers.
  @inline(never)
  private func valuesAtEnd(at start: Int, _ step: Int, second: UnsafePointer<Float>?) -> EdgeValues {
    let total = matrix.count
    var edges = values(at: start, step, second: second) { pointer, index in
      var result = Voxels(repeating: .nan)
      for lane in 0..<Voxels.scalarCount where (0..<total).contains(index + lane) {
        result[lane] = pointer[index + lane]
      }
      return result
    }
    for lane in 0..<Voxels.scalarCount {
      edges.isAtEnd[lane] = start + lane < step || start + lane + 2 * step >= total
    }
    return edges
  }
}
