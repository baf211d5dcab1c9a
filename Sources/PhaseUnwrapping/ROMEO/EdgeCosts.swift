import MRIData
import NDArrays

/// What it costs to unwrap along each edge: 1 for the best to 255 for the worst, 0 for none.
///
/// Edge `axis` of a voxel leads to its next neighbour along `x`, `y` or `z`; axes `[z, y, x, axis]`.
struct EdgeCosts {
  var costs: NDArray<UInt8>

  /// Judges all edges of a volume.
  init(_ volumes: EdgeVolumes, _ weights: ROMEO.Weights, _ terms: EdgeTerms) {
    let matrix = volumes.matrix
    if weights == .bestpath {
      costs = BestPath(volumes).costs
      return
    }
    let volumes = Shared(volumes)
    costs = NDArray(uninitializedShape: matrix.shape + [3]) { target in
      target.initialize(repeating: 0)
      let target = SharedBuffer(target)
      Parallelism.forEach(matrix.z) { z in
        guard let costs = target.elements.baseAddress else { return }
        let volumes = volumes.value, mask = volumes.mask
        for row in z * matrix.y..<(z + 1) * matrix.y {
          for axis in 0..<3 {
            volumes.forEachEdge(axis: axis, row: row, terms) { start, count, weights in
              // Anything that is no number between 0 and 1 becomes 0.
              let scaled = ((1 - weights) * 255)
                .replacing(with: -1, where: .!((weights .>= 0) .& (weights .<= 1)))
              for lane in 0..<count where mask?[start + lane] ?? true {
                let value = scaled[lane]
                if value < 0 { continue }
                let whole = Int32(value)
                let bin = value - Float(whole) >= 0.5 ? whole + 1 : whole
                costs[3 * (start + lane) + axis] = UInt8(truncatingIfNeeded: max(bin, 1))
              }
            }
          }
        }
      }
    }
  }

  /// Whether no edge may be taken.
  var isEmpty: Bool { costs.withUnsafeBufferPointer { !$0.contains { $0 != 0 } } }
}

/// A value whose pointers are only read while threads share it.
struct Shared<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
