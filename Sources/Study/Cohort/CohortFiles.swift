import Foundation

/// The files of one subject.
public struct CohortFiles: Sendable, Equatable {
  /// The raw data.
  public var raw: String
  /// The regions.
  public var labels: String
  /// The voxels that count.
  public var mask: String?
  /// A susceptibility map that is known to be true.
  public var truth: String?
}

extension CohortTable {
  /// The files of a subject: those that the table names, else those that its folder holds.
  ///
  /// - Throws: ``CohortError/missingFile(subject:what:path:)``, ``CohortError/ambiguousFile(subject:what:candidates:)``.
  public func files(of row: Row) throws(CohortError) -> CohortFiles {
    CohortFiles(
      raw: try required("file", of: row, endings: [".h5", ".mrd"]),
      labels: try required("labels", of: row, endings: ["_dseg.nii.gz", "_dseg.nii"]),
      mask: try file("mask", of: row, endings: ["_mask.nii.gz", "_mask.nii"]),
      truth: try file("truth", of: row, endings: []))
  }

  private func required(
    _ column: String, of row: Row, endings: [String]
  ) throws(CohortError) -> String {
    guard let path = try file(column, of: row, endings: endings) else {
      throw .missingFile(
        subject: row.name, what: column, path: "\(folder)/\(row.name)/*\(endings.first ?? "")")
    }
    return path
  }

  private func file(
    _ column: String, of row: Row, endings: [String]
  ) throws(CohortError) -> String? {
    let files = FileManager.default
    if let name = row.values[column] {
      let path = name.hasPrefix("/") ? name : "\(folder)/\(name)"
      guard files.fileExists(atPath: path) else {
        throw .missingFile(subject: row.name, what: column, path: path)
      }
      return path
    }
    let found = ((try? files.subpathsOfDirectory(atPath: "\(folder)/\(row.name)")) ?? [])
      .filter { path in endings.contains { path.hasSuffix($0) } }.sorted()
    guard found.count < 2 else {
      throw .ambiguousFile(subject: row.name, what: column, candidates: found)
    }
    return found.first.map { "\(folder)/\(row.name)/\($0)" }
  }
}
