/// The outline of the phase-encoding positions that a scan samples at all.
public enum SamplingShutter: String, Sendable, Codable, CaseIterable {
  /// The whole grid.
  case rectangle
  /// The ellipse that touches the grid's edges; the corners, a fifth of the grid, are left out.
  ///
  /// ```
  /// (y / (Ny/2))^2 + (z / (Nz/2))^2 <= 1      y, z counted from the centre n / 2
  /// ```
  case ellipse

  /// Reads the word that a file has for it.
  public init(from decoder: any Decoder) throws { self = try .named(by: decoder) }

  /// Whether a position lies inside; decided in integers, so that every platform agrees.
  public func contains(line: Int, partition: Int, lines: Int, partitions: Int) -> Bool {
    switch self {
    case .rectangle: return true
    case .ellipse:
      let y = 2 * (line - lines / 2) * partitions
      let z = 2 * (partition - partitions / 2) * lines
      return y * y + z * z <= lines * partitions * lines * partitions
    }
  }

  /// The number of positions inside.
  public func count(lines: Int, partitions: Int) -> Int {
    switch self {
    case .rectangle: return lines * partitions
    case .ellipse:
      var count = 0
      for partition in 0..<partitions {
        for line in 0..<lines
        where contains(line: line, partition: partition, lines: lines, partitions: partitions) { count += 1 }
      }
      return count
    }
  }
}
