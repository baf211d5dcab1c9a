import MRIData

extension SamplingMask {
  /// The number of missing positions around which a kernel covers no acquired one.
  func positionsOutOfReach(of kernel: KernelExtents) -> Int {
    var count = 0
    for partition in 0..<partitions {
      for line in 0..<lines where !self[line: line, partition: partition] {
        let near = (partition - kernel.partitions / 2...partition + kernel.partitions / 2).clamped(
          to: 0...partitions - 1)
        let beside = (line - kernel.lines / 2...line + kernel.lines / 2).clamped(to: 0...lines - 1)
        let isReached = near.contains { z in beside.contains { y in self[line: y, partition: z] } }
        if !isReached { count += 1 }
      }
    }
    return count
  }
}
