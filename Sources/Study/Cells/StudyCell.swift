/// One way of measuring and reconstructing a scan: a row of the study's table.
public struct StudyCell: Sendable, Hashable, Codable {
  /// The name of the reconstruction, such as `grappa`.
  public var method: String
  /// The acceleration against the full grid, calibration included; `nil` for every sample that the scan holds.
  public var acceleration: Double?

  /// Creates a cell.
  public init(method: String, acceleration: Double? = nil) {
    self.method = method
    self.acceleration = acceleration
  }

  /// The folder of the cell's files: `grappa-af4`, `zero-filled-complete`.
  public var name: String { "\(method)-\(acceleration.map { "af\($0.shortest)" } ?? "complete")" }

  /// How tables name the cell: `grappa, AF 4`.
  public var title: String { "\(method), \(acceleration.map { "AF \($0.shortest)" } ?? "complete")" }
}

extension Double {
  /// The number without a decimal point where it is whole.
  var shortest: String { self == rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)" }
}
