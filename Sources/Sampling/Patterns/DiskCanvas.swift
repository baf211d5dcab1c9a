/// The disks placed so far, drawn on the grid and clipped at its edges.
struct DiskCanvas: ~Copyable {
  private let outlines: Outlines
  /// 1 where a disk lies or nothing may be placed.
  private var covered: [UInt8]
  /// 1 where a disk is centred; empty while all disks are alike, as covering is mutual then.
  private var centres: [UInt8]

  init(_ packing: DiskPacking, _ shapes: DiskShapes) {
    outlines = Outlines(
      lines: packing.lines, partitions: packing.partitions, shapes: shapes, levels: packing.levels)
    covered = packing.occupied
    centres = packing.levelRadii.count > 1 ? [UInt8](repeating: 0, count: covered.count) : []
  }

  /// Draws the disk of a position.
  @inline(__always)
  mutating func place(_ position: Int32) {
    let outlines = outlines
    covered.withUnsafeMutableBufferPointer { covered in
      _ = outlines.allRuns(of: position) { run in
        for index in run { covered[index] = 1 }
        return true
      }
    }
    if !centres.isEmpty { centres[Int(position)] = 1 }
  }

  /// Whether no disk covers a position and its own would cover no other's centre.
  @inline(__always)
  func isOpen(_ position: Int32) -> Bool {
    guard covered[Int(position)] == 0 else { return false }
    guard !centres.isEmpty else { return true }
    return centres.withUnsafeBufferPointer { centres in
      outlines.allRuns(of: position) { run in !run.contains { centres[$0] != 0 } }
    }
  }

  /// Where the disk of each position lies.
  private struct Outlines {
    let lines: Int
    let partitions: Int
    let shapes: DiskShapes
    let levels: [UInt8]

    /// Whether all rows of a disk, as ranges of positions, satisfy a predicate; stops at the first that does not.
    @inline(__always)
    func allRuns(of position: Int32, _ predicate: (Range<Int>) -> Bool) -> Bool {
      let (partition, line) = Int(position).quotientAndRemainder(dividingBy: lines)
      let level = Int(levels[Int(position)])
      let start = shapes.starts[level], reach = shapes.starts[level + 1] - start
      for row in max(partition - reach + 1, 0)..<min(partition + reach, partitions) {
        let width = shapes.halfWidths[start + abs(row - partition)]
        let first = row * lines + max(line - width, 0), last = row * lines + min(line + width, lines - 1)
        if !predicate(first..<last + 1) { return false }
      }
      return true
    }
  }
}
