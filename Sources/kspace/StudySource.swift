import Foundation
import KSpaceToolkit

/// A raw file of a study: opened, its headers understood, its samples still to be read.
struct StudySource {
  private let path: String
  private let file: MRDFile
  private let options: ReadingOptions
  private let layout: ScanLayout
  private let excitations: Int?

  init(_ path: String, _ reading: ReadingArguments) throws {
    self.path = path
    options = reading.options
    file = try reading.open(path)
    layout = try ScanLayout(of: file, options: options)
    try layout.check(path: path)
    let report = ScanReport(file, options: options)
    excitations = report.isEchoPlanar ? nil : report.time.shots
  }

  /// What its cells are called after.
  var name: String {
    StudyInput(name: URL(filePath: path).lastPathComponent, bytes: 0, checksum: "").scanName
  }

  /// What reconstructs the scan as it is: what `reconstruct` does by default.
  var suitableMethod: ReconstructionMethod {
    layout.suitableMethod.method.flatMap { ReconstructionMethod(rawValue: $0.rawValue) } ?? .zeroFilled
  }

  /// One line about the scan.
  var summary: String {
    let masks = layout.sliceCounters.first.map { layout.masks(slice: $0) } ?? []
    let positions = masks.map(\.acquiredCount).max() ?? 0, grid = layout.grid.matrix.y * layout.grid.matrix.z
    let time = layout.parameters.repetitionTime.map {
      ", " + AcquisitionTime.text($0 * Double(excitations ?? positions))
    }
    return
      "\(path): \(counted(layout.channels, "channel")), \(counted(layout.parameters.echoTimes.count, "echo")), "
      + "\(positions) of \(grid) positions\(time ?? "")"
  }

  /// The scan, which is read when a cell needs it.
  func scan(_ progress: Progress) throws -> StudyScan {
    let file = file, options = options, path = path
    progress.report("checksum of \(name)", 0)
    let input = try StudyInput(at: path, options: "\(options)")
    progress.report("checksum of \(name)", 1)
    return try StudyScan(layout, input: input, excitations: excitations) {
      progress.report("reading \(input.name)", 0)
      let stack = try SliceStack(file, options: options)
      progress.report("reading \(input.name)", 1)
      return stack
    }
  }
}
