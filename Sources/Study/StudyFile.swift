import Files
import Foundation
import MRIData
import QuantitativeMapping
import RawData
import Sampling

/// A raw file of a study: opened, its headers understood, its samples still to be read.
public struct StudyFile: Sendable {
  /// The path, as the user named it.
  public let path: String
  private let file: MRDFile
  private let options: ReadingOptions
  /// What its headers say.
  public let layout: ScanLayout
  private let excitations: ScanExcitations

  /// Opens a file.
  ///
  /// - Parameters:
  ///   - file: The file.
  ///   - options: What the user says where it is silent or wrong.
  /// - Throws: ``RawDataError`` if its header contradicts its data in a way that the options do not settle.
  public init(_ file: MRDFile, options: ReadingOptions = .init()) throws {
    path = file.path
    self.file = file
    self.options = options
    layout = try ScanLayout(of: file, options: options)
    try layout.check(path: path)
    excitations = ScanExcitations(in: file, options: options)
  }

  /// What its cells are called after.
  public var name: String { StudyInput.scanName(of: URL(filePath: path).lastPathComponent) }

  /// One line about the scan.
  public var summary: String {
    let masks = layout.sliceCounters.first.map { layout.masks(slice: $0) } ?? []
    let positions = masks.map(\.acquiredCount).max() ?? 0, grid = layout.grid.matrix.y * layout.grid.matrix.z
    let count = excitations.count(for: positions, of: positions)
    let time = layout.parameters.repetitionTime.flatMap { repetition in
      count.map { ", " + AcquisitionTime.text(repetition * $0) }
    }
    return
      "\(path): \(counted(layout.channels, "channel")), \(counted(layout.parameters.echoTimes.count, "echo")), "
      + "\(positions) of \(grid) positions\(time ?? "")"
  }

  /// The scan, which is read when a cell needs it.
  ///
  /// - Parameters:
  ///   - work: The work on the study, which remembers checksums.
  ///   - progress: Is told what is being read, and how far it is.
  /// - Throws: ``StudyError/noStack(scan:)``, ``FileError`` if the file cannot be read.
  public func scan(
    work: WorkFolder? = nil, progress: @escaping @Sendable (String, Double) -> Void = { _, _ in }
  ) throws -> StudyScan {
    let file = file, options = options
    progress("checksum of \(name)", 0)
    let input = try StudyInput(
      at: path, checksum: work?.checksum(ofFile: path),
      options: StudyInput.account(options, group: file.group))
    progress("checksum of \(name)", 1)
    return try StudyScan(layout, input: input, excitations: excitations) {
      progress("reading \(input.name)", 0)
      let stack = try SliceStack(file, options: options)
      progress("reading \(input.name)", 1)
      return stack
    }
  }
}
