import MRIData

/// The lines around a missing one that may help to predict it, nearest first.
struct Neighbourhood: Sendable {
  /// The distance of a line in steps of the grid.
  struct Offset: Sendable, Equatable {
    let line: Int
    let partition: Int

    var squaredLength: Int { line * line + partition * partition }
  }

  let offsets: [Offset]
  let kernel: GRAPPA.Kernel
  /// The largest distance along `ky` and along `kz`.
  let reach: Offset

  init(_ kernel: GRAPPA.Kernel, lines: Int, partitions: Int) {
    let radius = kernel.radius
    // An axis of one step has no neighbours, and no neighbour is further than the grid is wide.
    reach = Offset(line: min(radius, lines - 1), partition: min(radius, partitions - 1))
    var offsets: [Offset] = []
    for partition in -reach.partition...reach.partition {
      for line in -reach.line...reach.line {
        let offset = Offset(line: line, partition: partition)
        if (1...radius * radius).contains(offset.squaredLength) { offsets.append(offset) }
      }
    }
    self.offsets = offsets.sorted {
      ($0.squaredLength, $0.partition, $0.line) < ($1.squaredLength, $1.partition, $1.line)
    }
    self.kernel = kernel
  }

  /// The indices of the nearest offsets at which lines were acquired.
  func arrangement(line: Int, partition: Int, of mask: SamplingMask) -> [Int] {
    var result: [Int] = []
    for (index, offset) in offsets.enumerated() {
      let (line, partition) = (line + offset.line, partition + offset.partition)
      guard (0..<mask.lines).contains(line), (0..<mask.partitions).contains(partition),
        mask[line: line, partition: partition]
      else { continue }
      result.append(index)
      if result.count == kernel.lines { break }
    }
    return result
  }
}
