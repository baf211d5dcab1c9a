import MRIData
import NDArrays

/// The growth of regions over a volume, by the cheapest edge to a voxel not yet reached.
struct RegionGrowing: ~Copyable {
  /// The phase, unwrapped as regions grow.
  private let phase: UnsafeMutablePointer<Float>
  /// What each edge costs; 0 once it has been queued, so that it is queued but once.
  private let costs: UnsafeMutablePointer<UInt8>
  /// The region of each voxel, 0 if none has reached it.
  private let visited: UnsafeMutablePointer<UInt8>
  private let count: Int
  /// The distance in memory to the six neighbours: before and behind along `x`, `y`, `z`.
  private let offsets: [Int]
  private let slopeAllowance: Float
  /// The costs as they were before any edge was queued.
  private let seedCosts: NDArray<UInt8>?
  private var queue = EdgeQueue()
  /// The number of regions.
  private(set) var regions = 0

  init(
    phase: UnsafeMutablePointer<Float>, costs: UnsafeMutablePointer<UInt8>,
    visited: UnsafeMutablePointer<UInt8>, matrix: Extents, slopeAllowance: Float,
    seedCosts: NDArray<UInt8>? = nil
  ) {
    precondition(matrix.count < 1 << 29, "a volume of \(matrix) has too many voxels to unwrap")
    self.phase = phase
    self.costs = costs
    self.visited = visited
    self.slopeAllowance = slopeAllowance
    self.seedCosts = seedCosts
    count = matrix.count
    let slice = matrix.x * matrix.y
    offsets = [-1, 1, -matrix.x, matrix.x, -slice, slice]
  }

  /// Grows up to a number of regions.
  ///
  /// - Parameter correctingSeed: Puts a seed on its own turn.
  mutating func grow(seeds: Int, correctingSeed: (Float, Int) -> Float) {
    var candidates = SeedOrder(costs, count: count, isSingle: seeds == 1)
    var threshold = plant(&candidates, correctingSeed)
    while true {
      if queue.isEmpty {
        // What no edge connects with the rest is a region of its own.
        guard regions < seeds, threshold != nil else { break }
        threshold = plant(&candidates, correctingSeed)
        continue
      }
      if regions < seeds, let limit = threshold, queue.smallest > limit {
        threshold = plant(&candidates, correctingSeed)
      }
      take(queue.pop())
    }
  }

  /// Grows from the voxels of region 1 into those of none.
  mutating func grow() {
    for voxel in 0..<count where visited[voxel] == 1 { enqueueEdges(of: voxel) }
    while !queue.isEmpty { take(queue.pop()) }
  }

  /// Starts a region at the best voxel that is left, and returns the cost above which another one should start.
  private mutating func plant(
    _ candidates: inout SeedOrder, _ correctingSeed: (Float, Int) -> Float
  ) -> Int? {
    guard let seed = candidates.pop(visited: visited) else { return nil }
    let sum =
      seedCosts?.withUnsafeBufferPointer { $0[3 * seed..<3 * seed + 3].reduce(0) { $0 + Int($1) } }
      ?? (0..<3).reduce(0) { $0 + Int(costs[3 * seed + $1]) }
    enqueueEdges(of: seed)
    phase[seed] = correctingSeed(phase[seed], seed)
    regions += 1
    visited[seed] = UInt8(regions)
    return Int(256 - ((256 - Double(sum) / 3) / 2).rounded(.towardZero))
  }

  /// Unwraps the voxel at the end of an edge, if nothing has reached it since.
  @inline(__always)
  private mutating func take(_ edge: UInt32) {
    let voxel = Int(edge >> 3)
    if visited[voxel] != 0 { return }
    let offset = offsets.withUnsafeBufferPointer { $0[Int(edge & 7)] }
    let from = voxel - offset
    var expected = phase[from]
    if slopeAllowance > 0 {
      let before = from - offset
      if before >= 0, before < count, visited[before] != 0 {
        expected += min(max(expected - phase[before], -slopeAllowance), slopeAllowance)
      }
    }
    phase[voxel] = unwrapped(phase[voxel], nextTo: expected)
    visited[voxel] = visited[from]
    enqueueEdges(of: voxel)
  }

  @inline(__always)
  private mutating func enqueueEdges(of voxel: Int) {
    offsets.withUnsafeBufferPointer { offsets in
      for axis in 0..<3 {
        let step = offsets[2 * axis + 1]
        if voxel >= step {
          enqueue(3 * (voxel - step) + axis, to: voxel - step, direction: 2 * axis)
        }
        enqueue(3 * voxel + axis, to: voxel + step, direction: 2 * axis + 1)
      }
    }
  }

  @inline(__always)
  private mutating func enqueue(_ edge: Int, to voxel: Int, direction: Int) {
    let cost = costs[edge]
    if cost == 0 { return }
    // Either end may be the first to be reached; afterwards the edge has done its duty.
    costs[edge] = 0
    queue.push(UInt32(truncatingIfNeeded: voxel << 3 | direction), cost: cost)
  }
}
