import RawData

/// How often spins are excited for one slice of a scan, from which its time follows.
public enum ScanExcitations: Sendable, Equatable {
  /// Once for each position.
  case onePerPosition
  /// So often in all, averages included.
  case counted(Int)
  /// Nobody knows: echo-planar scans measure several positions after each, and files do not say how many.
  case unknown

  /// Counts those of the volume that is read of a file.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - options: What the user says where it is silent or wrong.
  public init(in file: MRDFile, options: ReadingOptions = .init()) {
    let report = ScanReport(file, options: options)
    self = report.isEchoPlanar ? .unknown : .counted(report.time.chosenShots)
  }

  /// How many it takes for some of a scan's positions, each averaged as often as all are; `nil` if nobody knows.
  ///
  /// - Parameters:
  ///   - positions: The number of positions that are measured.
  ///   - whole: The number of positions of the scan itself.
  func count(for positions: Int, of whole: Int) -> Double? {
    switch self {
    case .onePerPosition: Double(positions)
    case .counted(let count): Double(positions) * Double(count) / Double(max(1, whole))
    case .unknown: nil
    }
  }
}
