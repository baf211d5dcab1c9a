import MRIData

/// Distances between the samples of a mask, found by looking at them and not by how they were made.
struct SampleSpacing {
  private let mask: SamplingMask
  private let grid: SamplingGrid

  init(_ mask: SamplingMask, _ grid: SamplingGrid) {
    self.mask = mask
    self.grid = grid
  }

  /// The smallest distance of two samples outside the calibration box, in steps of the grid.
  func minimumDistance() -> Double? {
    let samples = outerSamples
    guard samples.count > 1 else { return nil }
    var isOuter = [Bool](repeating: false, count: grid.extent.count)
    for sample in samples { isOuter[sample.partition * grid.lines + sample.line] = true }
    // Rings of growing radius; the pair is found in the first that holds one, or in the next.
    var best = Int.max
    var radius = 1
    while best > radius * radius {
      for sample in samples {
        for dz in 0...radius {
          for dy in -radius...radius where max(dz, abs(dy)) == radius && (dz > 0 || dy > 0) {
            let line = sample.line + dy, partition = sample.partition + dz
            guard (0..<grid.lines).contains(line), partition < grid.partitions,
              isOuter[partition * grid.lines + line]
            else { continue }
            best = min(best, dy * dy + dz * dz)
          }
        }
      }
      radius += 1
    }
    return Double(best).squareRoot()
  }

  /// The largest distance from an encoded position to the nearest sample, in steps of the grid.
  func largestHole() -> Double {
    let lines = grid.lines, partitions = grid.partitions
    let far = lines + partitions
    // The distance along `ky` to the nearest sample of the same partition, from both sides.
    var along = [Int](repeating: far, count: lines * partitions)
    for partition in 0..<partitions {
      for order in [Array(0..<lines), (0..<lines).reversed()] {
        var distance = far
        for line in order {
          distance = mask[line: line, partition: partition] ? 0 : min(distance + 1, far)
          let index = partition * lines + line
          along[index] = min(along[index], distance)
        }
      }
    }
    var largest = 0
    for partition in 0..<partitions {
      for line in 0..<lines where grid.uses[partition * lines + line] != .notEncoded {
        var nearest = Int.max
        for dz in 0..<partitions {
          guard dz * dz < nearest else { break }
          for row in [partition - dz, partition + dz] where (0..<partitions).contains(row) {
            let dy = along[row * lines + line]
            nearest = min(nearest, dy * dy + dz * dz)
          }
        }
        largest = max(largest, nearest)
      }
    }
    return Double(largest).squareRoot()
  }

  private var outerSamples: [(line: Int, partition: Int)] {
    (0..<grid.partitions).flatMap { partition in
      (0..<grid.lines).compactMap { line in
        mask[line: line, partition: partition] && grid.uses[partition * grid.lines + line] != .calibration
          ? (line, partition) : nil
      }
    }
  }
}
