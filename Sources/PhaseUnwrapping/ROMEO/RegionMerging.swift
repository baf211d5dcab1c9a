import MRIData
import NDArrays

/// Regions that grew apart, put on a common turn where they touch.
struct RegionMerging {
  private var visited: NDArray<UInt8>
  private let regions: Int
  private let echo: Int
  private let matrix: Extents

  init(_ visited: NDArray<UInt8>, regions: Int, echo: Int, matrix: Extents) {
    self.visited = visited
    self.regions = regions
    self.echo = echo
    self.matrix = matrix
  }

  /// Moves regions by whole turns next to the largest that they are connected with.
  ///
  /// Each edge between two regions votes for the number of turns between them, with the weight `255 - cost`. The
  /// pair with the most votes is joined first.
  mutating func merge(_ phase: inout NDArray<Float>, _ costs: EdgeCosts) {
    guard regions > 1 else { return }
    var votes = [Int](repeating: 0, count: (regions + 1) * (regions + 1))
    var turns = [Double](repeating: 0, count: votes.count)
    let width = regions + 1, steps = [1, matrix.x, matrix.x * matrix.y], volume = matrix.count
    let echo = echo
    phase.withUnsafeBufferPointer { phase in
      costs.costs.withUnsafeBufferPointer { costs in
        visited.withUnsafeBufferPointer { visited in
          for voxel in 0..<volume where visited[voxel] != 0 {
            for axis in 0..<3 where costs[3 * voxel + axis] != 0 {
              let other = voxel + steps[axis]
              let a = Int(visited[voxel]), b = Int(visited[other])
              if b == 0 || a == b { continue }
              let weight = 256 - Int(costs[3 * voxel + axis])
              let difference = phase[echo * volume + voxel] - phase[echo * volume + other]
              let distance = Double(roundedAway(difference / Turn.full)) * Double(weight)
              votes[a * width + b] += weight
              votes[b * width + a] += weight
              turns[a * width + b] += distance
              turns[b * width + a] -= distance
            }
          }
        }
      }
    }
    var sizes = [Int](repeating: 0, count: width)
    visited.withUnsafeBufferPointer { for region in $0 { sizes[Int(region)] += 1 } }
    // `group[r]` is the region that stands for the group of `r`, `shift[r]` the turns that `r` moves by.
    var group = Array(0..<width), shift = [Double](repeating: 0, count: width)
    let pairs = votes.indices.filter { votes[$0] > 0 && $0 / width < $0 % width }
      .sorted { (votes[$0], -$0) > (votes[$1], -$1) }
    for pair in pairs {
      let a = pair / width, b = pair % width
      if group[a] == group[b] { continue }
      // After the move b lies where a expects it.
      let distance = shift[a] + (turns[pair] / Double(votes[pair])).rounded() - shift[b]
      let isLarger = sizes[group[a]] >= sizes[group[b]]
      let kept = isLarger ? group[a] : group[b], moved = isLarger ? group[b] : group[a]
      for region in 1..<width where group[region] == moved {
        group[region] = kept
        shift[region] += isLarger ? distance : -distance
      }
      sizes[kept] += sizes[moved]
    }
    move(&phase, by: shift.map { Float($0) })
    visited.withUnsafeMutableBufferPointer { visited in
      for voxel in visited.indices { visited[voxel] = UInt8(group[Int(visited[voxel])]) }
    }
  }

  /// Brings the median of each region to the turn nearest to zero.
  mutating func center(_ phase: inout NDArray<Float>) {
    var turns = [[Float]](repeating: [], count: regions + 1)
    let volume = matrix.count, echo = echo
    phase.withUnsafeBufferPointer { phase in
      visited.withUnsafeBufferPointer { visited in
        for voxel in 0..<volume where visited[voxel] != 0 {
          turns[Int(visited[voxel])].append(roundedAway(phase[echo * volume + voxel] / Turn.full))
        }
      }
    }
    move(
      &phase,
      by: turns.map { turns in
        turns.isEmpty ? 0 : -turns.sorted()[(turns.count - 1) / 2]
      })
  }

  private func move(_ phase: inout NDArray<Float>, by turns: [Float]) {
    let volume = matrix.count, echo = echo
    phase.withUnsafeMutableBufferPointer { phase in
      visited.withUnsafeBufferPointer { visited in
        for voxel in 0..<volume where turns[Int(visited[voxel])] != 0 && visited[voxel] != 0 {
          phase[echo * volume + voxel] += Turn.full * turns[Int(visited[voxel])]
        }
      }
    }
  }
}
