import NDArrays

/// The voxels from which regions may grow, best first.
///
/// The best is the one with the smallest sum of its three forward costs, and of equal sums the last in memory. An edge that does not exist costs 255.
struct SeedOrder {
  private var order: [Int32]
  private var next = 0

  /// - Parameters:
  ///   - costs: Three costs per voxel.
  ///   - isSingle: Whether no more than the first is asked for.
  init(_ costs: UnsafeMutablePointer<UInt8>, count: Int, isSingle: Bool) {
    func sum(_ voxel: Int) -> Int {
      // Subtracting one turns 0 into 255 and keeps the order of the others.
      let edges = costs + 3 * voxel
      return Int(edges[0] &- 1) + Int(edges[1] &- 1) + Int(edges[2] &- 1)
        + (edges[0] == 0 ? 0 : 1) + (edges[1] == 0 ? 0 : 1) + (edges[2] == 0 ? 0 : 1)
    }
    if isSingle {
      var best = (sum: 765, voxel: -1)
      for voxel in 0..<count {
        let sum = sum(voxel)
        if sum <= best.sum, sum < 765 { best = (sum, voxel) }
      }
      order = best.voxel < 0 ? [] : [Int32(best.voxel)]
      return
    }
    var starts = [Int](repeating: 0, count: 766)
    for voxel in 0..<count { starts[sum(voxel)] += 1 }
    var total = 0
    for bin in 0..<765 { (starts[bin], total) = (total, total + starts[bin]) }
    starts[765] = total
    order = [Int32](unsafeUninitializedCapacity: total) { order, initialized in
      for voxel in stride(from: count - 1, through: 0, by: -1) {
        let sum = sum(voxel)
        if sum == 765 { continue }
        order[starts[sum]] = Int32(voxel)
        starts[sum] += 1
      }
      initialized = total
    }
  }

  /// The best voxel that no region has reached.
  mutating func pop(visited: UnsafeMutablePointer<UInt8>) -> Int? {
    while next < order.count {
      let voxel = Int(order[next])
      next += 1
      if visited[voxel] == 0 { return voxel }
    }
    return nil
  }
}
