/// A centred box of phase-encoding positions.
public struct CalibrationRegion: Sendable, Equatable {
  /// The extent along `ky`.
  public var lines: Range<Int>
  /// The extent along `kz`.
  public var partitions: Range<Int>

  /// Creates a box.
  public init(lines: Range<Int>, partitions: Range<Int>) {
    self.lines = lines
    self.partitions = partitions
  }

  /// The number of positions.
  public var count: Int { lines.count * partitions.count }

  /// Whether a position lies inside.
  func contains(line: Int, partition: Int) -> Bool { lines.contains(line) && partitions.contains(partition) }
}
