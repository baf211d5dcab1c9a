/// One way of measuring and reconstructing a subject: a row of the study's table.
public struct StudyCell: Sendable, Hashable, Codable {
  /// The name of the reconstruction, such as `grappa`.
  public var method: String
  /// The acceleration against the full grid, calibration included; `nil` for every sample that the scan holds.
  public var acceleration: Double?
  /// The scan that was accelerated when it was measured; `nil` for the reference scan.
  public var scan: String?

  /// Creates a cell.
  public init(method: String, acceleration: Double? = nil, scan: String? = nil) {
    self.method = method
    self.acceleration = acceleration
    self.scan = scan
  }

  /// The folder of the cell's files: `grappa-af4`, `zero-filled-as-measured`, `grappa_of_fast-scan`.
  public var name: String {
    if let scan { return "\(method)_of_\(scan)" + (acceleration.map { "-af\($0.shortest)" } ?? "") }
    return "\(method)-\(acceleration.map { "af\($0.shortest)" } ?? "as-measured")"
  }

  /// How tables name the cell: `grappa, AF 4`.
  public var title: String {
    let measured = acceleration.map { "AF \($0.shortest)" }
    if let scan { return ([method, scan] + [measured].compactMap(\.self)).joined(separator: ", ") }
    return "\(method), \(measured ?? "as measured")"
  }
}

extension Double {
  /// The number without a decimal point where it is whole.
  var shortest: String { self == rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)" }
}
