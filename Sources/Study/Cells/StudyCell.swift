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

  /// How tables name the cell: `GRAPPA, AF 4`.
  public var title: String { "\(methodTitle), \(measurement)" }

  /// How it was measured: `AF 4`, the name of a scan, or `as measured`.
  public var measurement: String {
    let measured = acceleration.map { "AF \($0.shortest)" }
    return scan.map { ([$0] + [measured].compactMap(\.self)).joined(separator: ", ") } ?? measured
      ?? "as measured"
  }

  /// Whether it is the reference scan with every sample that it holds.
  var isAsMeasured: Bool { acceleration == nil && scan == nil }

  /// The method's name as papers write it.
  public var methodTitle: String {
    let titles = [
      "grappa": "GRAPPA", "sense": "SENSE", "l1-sense": "L1-SENSE", "spirit": "SPIRiT",
      "l1-spirit": "L1-SPIRiT",
      "reconnet": "ReconNet3D", "reconnet-sense": "ReconNet3D-SENSE",
    ]
    return titles[method] ?? method
  }
}

extension [StudyCell] {
  /// The cells in their order, each once: one that was named twice must not count twice.
  public var unique: [StudyCell] { reduce(into: []) { if !$0.contains($1) { $0.append($1) } } }
}

extension Double {
  /// The number without a decimal point where it is whole.
  var shortest: String { self == rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)" }
}
