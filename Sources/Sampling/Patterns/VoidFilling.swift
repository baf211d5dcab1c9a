/// Adds positions to a packing where it is emptiest.
///
/// The crowding of a position is a tent-weighted count of the samples around it, relative to the count that the
/// wanted density gives there:
///
/// ```
/// crowding(k) = sum_samples w(k - k') / sum_encoded w(k - k') p(k'),   w = (4 - |dy|)+ (4 - |dz|)+
/// ```
///
/// The least crowded open position is added first. Adding only ever raises the crowding, so a queue may hold
/// outdated values: a position that turns out more crowded than its place in the queue is put back further down.
///
/// - SeeAlso: R. Ulichney, "The void-and-cluster method for dither array generation", Proc. SPIE 1913, 1993,
///   doi:10.1117/12.152707, whose idea of filling the largest void this is, with a hard minimum distance.
struct VoidFilling {
  private static let reach = 4
  /// Crowding is told apart in steps of 1/64, up to 16 times the wanted density.
  private static let steps = 64.0
  private static let bins = 1024

  private let packing: DiskPacking
  /// The weighted number of samples around each position.
  private var samples: [Int32]
  /// The weighted number of samples wanted around each position.
  private let wanted: [Float]

  init(_ packing: DiskPacking, density: [Double], kept: [Int32]) {
    self.packing = packing
    var taken = [Float](repeating: 0, count: packing.occupied.count)
    for position in packing.calibration { taken[Int(position)] = 1 }
    var expected = taken
    for position in kept { taken[Int(position)] = 1 }
    for position in packing.order {
      expected[Int(position)] = Float(density[Int(packing.levels[Int(position)])])
    }
    samples = Self.tent(taken, lines: packing.lines).map { Int32($0) }
    wanted = Self.tent(expected, lines: packing.lines)
  }

  /// Adds open positions, the least crowded first, until there are `limit` or none is open.
  mutating func add(to positions: inout [Int32], limit: Int, disks shapes: DiskShapes) {
    var canvas = DiskCanvas(packing, shapes)
    for position in packing.boundary { canvas.place(position) }
    for position in positions { canvas.place(position) }
    for tier in packing.tiers { add(packing.order[tier], to: &positions, limit: limit, on: &canvas) }
  }

  private mutating func add(
    _ candidates: ArraySlice<Int32>, to positions: inout [Int32], limit: Int, on canvas: inout DiskCanvas
  ) {
    // One list of positions per bin, threaded through `next`.
    var heads = [Int32](repeating: -1, count: Self.bins)
    var next = [Int32](repeating: -1, count: samples.count)
    for position in candidates.reversed() where canvas.isOpen(position) {
      let bin = bin(of: position)
      next[Int(position)] = heads[bin]
      heads[bin] = position
    }
    for bin in 0..<Self.bins {
      while heads[bin] >= 0 {
        guard positions.count < limit else { return }
        let position = heads[bin]
        heads[bin] = next[Int(position)]
        guard canvas.isOpen(position) else { continue }
        let now = self.bin(of: position)
        if now > bin {
          next[Int(position)] = heads[now]
          heads[now] = position
        } else {
          canvas.place(position)
          crowd(around: position)
          positions.append(position)
        }
      }
    }
  }

  private func bin(of position: Int32) -> Int {
    let crowding = Float(samples[Int(position)]) / wanted[Int(position)]
    return min(Int(crowding * Float(Self.steps)), Self.bins - 1)
  }

  private mutating func crowd(around position: Int32) {
    let (partition, line) = Int(position).quotientAndRemainder(dividingBy: packing.lines)
    let reach = Self.reach
    for row in max(partition - reach + 1, 0)..<min(partition + reach, packing.partitions) {
      let weight = reach - abs(row - partition)
      for column in max(line - reach + 1, 0)..<min(line + reach, packing.lines) {
        samples[row * packing.lines + column] += Int32(weight * (reach - abs(column - line)))
      }
    }
  }

  /// The tent-weighted sums around every position; exact for whole numbers.
  private static func tent(_ values: [Float], lines: Int) -> [Float] {
    let partitions = values.count / lines
    var rows = [Float](repeating: 0, count: values.count)
    var result = rows
    for offset in 1 - reach..<reach {
      let weight = Float(reach - abs(offset))
      for partition in 0..<partitions {
        let base = partition * lines
        for line in max(0, -offset)..<max(max(0, -offset), min(lines, lines - offset)) {
          rows[base + line] += weight * values[base + line + offset]
        }
      }
    }
    for offset in 1 - reach..<reach {
      let weight = Float(reach - abs(offset))
      for partition in max(0, -offset)..<max(max(0, -offset), min(partitions, partitions - offset)) {
        let base = partition * lines, source = (partition + offset) * lines
        for line in 0..<lines { result[base + line] += weight * rows[source + line] }
      }
    }
    return result
  }
}
