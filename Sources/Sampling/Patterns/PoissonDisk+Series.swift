import MRIData

extension PoissonDisk {
  /// Masks for several accelerations, each of which contains those of all higher accelerations.
  ///
  /// A scan that is stopped early, or a study that compares accelerations on one scan, needs such a family. The
  /// sparsest mask is made first and grown; the denser ones keep a slightly smaller distance than if made alone.
  ///
  /// - Parameters:
  ///   - accelerations: The accelerations, in any order; ``acceleration`` is not used.
  ///   - lines: The extent along `ky`.
  ///   - partitions: The extent along `kz`.
  ///   - seed: The seed of the random choices.
  /// - Returns: One sample per acceleration, in the order given.
  /// - Throws: ``SamplingError`` if the grid, the region and an acceleration contradict each other.
  public func nestedSamples(
    accelerations: [Double], lines: Int, partitions: Int, seed: UInt64
  ) throws(SamplingError) -> [DiskSample] {
    let grid = try SamplingGrid(region, lines: lines, partitions: partitions)
    var counts: [Int] = []
    for acceleration in accelerations {
      counts.append(
        try grid.sampleCount(acceleration: acceleration, basis: basis) - grid.calibrationCount)
    }
    let packing = try packing(on: grid, seed: seed)
    var samples: [Int: DiskSample] = [:]
    var state: DiskPacking.State?
    for count in Set(counts).sorted() {
      var grown = state ?? packing.packing(of: count)
      packing.grow(&grown, to: count)
      samples[count] = DiskSample(grid, packing, grown)
      // Growing from nothing would fill voids only; the first disks are packed.
      state = count > 0 ? grown : nil
    }
    return counts.compactMap { samples[$0] }
  }

  /// Masks for the echoes of one scan: each a Poisson-disk mask, and evenly spread when laid over each other.
  ///
  /// An echo prefers positions that earlier echoes left out, and among them those without acquired neighbours.
  /// After as many echoes as the acceleration, nearly every position has been acquired once.
  ///
  /// - Parameters:
  ///   - echoes: The number of masks.
  ///   - lines: The extent along `ky`.
  ///   - partitions: The extent along `kz`.
  ///   - seed: The seed of the random choices.
  /// - Throws: ``SamplingError`` if the grid, the region and the acceleration contradict each other.
  public func complementarySamples(
    echoes: Int, lines: Int, partitions: Int, seed: UInt64
  ) throws(SamplingError) -> [DiskSample] {
    let grid = try SamplingGrid(region, lines: lines, partitions: partitions)
    let count = try grid.sampleCount(acceleration: acceleration, basis: basis) - grid.calibrationCount
    guard (1...1024).contains(echoes) else {
      throw .invalidParameter(name: "number of echoes", value: Double(echoes), range: "1 to 1024")
    }
    var coverage = [Int](repeating: 0, count: grid.extent.count)
    var samples: [DiskSample] = []
    for echo in 0..<echoes {
      var packing = try packing(on: grid, seed: seed, stream: UInt64(echo))
      packing.prefer(leastOf: coverage)
      let state = packing.packing(of: count)
      for position in state.positions { coverage[Int(position)] += 1 }
      samples.append(DiskSample(grid, packing, state))
    }
    return samples
  }
}

extension DiskPacking {
  /// Visits positions in the order of how often others have acquired them, then of how often their neighbours.
  mutating func prefer(leastOf coverage: [Int]) {
    let neighbours = order.map { position -> Int in
      let (partition, line) = Int(position).quotientAndRemainder(dividingBy: lines)
      var sum = 0
      for dz in -1...1 where (0..<partitions).contains(partition + dz) {
        for dy in -1...1 where (0..<lines).contains(line + dy) && (dy, dz) != (0, 0) {
          // Samples beside a position count twice those across its corners.
          sum += coverage[(partition + dz) * lines + line + dy] * (dy == 0 || dz == 0 ? 2 : 1)
        }
      }
      return sum
    }
    // The offset breaks ties by the random order.
    let ranked = order.indices.sorted { first, second in
      let a = (coverage[Int(order[first])], neighbours[first], first)
      let b = (coverage[Int(order[second])], neighbours[second], second)
      return a < b
    }
    order = ranked.map { order[$0] }
    tiers = []
    var start = 0
    for index in order.indices where coverage[Int(order[index])] != coverage[Int(order[start])] {
      tiers.append(start..<index)
      start = index
    }
    tiers.append(start..<order.count)
  }
}
