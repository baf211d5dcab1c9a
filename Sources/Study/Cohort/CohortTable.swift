import Files
import Foundation

/// The subjects of a cohort as a table lists them, like the `participants.tsv` of a BIDS folder.
///
/// The first line names the columns. `participant_id` and `age` [years] are needed; `file` (the raw data), `labels` (the
/// regions), `mask` (the voxels that count) and `truth` (a known susceptibility map) are paths relative to the table. `n/a` stands for what is
/// missing. Subjects without a `file` have their own folder, named like them, beside the table:
///
/// ```
/// participants.tsv
/// sub-01/.../scan.h5            one *.h5 or *.mrd
/// sub-01/.../x_dseg.nii.gz      its regions
/// sub-01/.../x_mask.nii.gz      its mask, if there is one
/// ```
///
/// - SeeAlso: The Brain Imaging Data Structure, https://bids-specification.readthedocs.io.
public struct CohortTable: Sendable {
  /// One line.
  public struct Row: Sendable, Equatable {
    /// The subject, such as `sub-01`.
    public var name: String
    /// The age [years].
    public var age: Double
    /// What the line says besides, by column; without what is missing.
    public var values: [String: String]
  }

  /// The table's file.
  public let path: String
  /// The subjects in their order.
  public let rows: [Row]

  /// The folder that paths in the table are relative to.
  public var folder: String { URL(filePath: path).deletingLastPathComponent().path }

  /// Reads a table, or the `participants.tsv` of a folder.
  ///
  /// - Throws: ``CohortError`` for anything that would make a group's statistics wrong: missing columns and ages, and
  ///   subjects or files that occur twice.
  public init(at path: String) throws(CohortError) {
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    self.path = exists && isFolder.boolValue ? "\(path)/participants.tsv" : path
    guard FileManager.default.fileExists(atPath: self.path) else { throw .missingTable(path: path) }
    let table: Table
    do throws(InputError) {
      table = try Table(at: self.path, needing: ["participant_id", "age"])
    } catch { throw .table(error) }
    rows = try Self.rows(of: table, path: self.path)
  }

  static func rows(of table: Table, path: String) throws(CohortError) -> [Row] {
    var rows: [Row] = []
    var seen: Set<String> = []
    for line in table.rows {
      let known = table.columns.compactMap { column in line[column].map { (column, $0) } }
        .filter { !["", "n/a"].contains($0.1) }
      let values = Dictionary(known, uniquingKeysWith: { first, _ in first })
      let row = try row(values, line: line.line, path: path)
      for (column, value) in [("participant_id", row.name), ("file", row.values["file"] ?? "")]
      where !value.isEmpty && !seen.insert("\(column) \(value)").inserted {
        throw .duplicate(value, column: column, path: path)
      }
      rows.append(row)
    }
    return rows
  }

  private static func row(
    _ values: [String: String], line: Int, path: String
  ) throws(CohortError) -> Row {
    let name = values["participant_id"] ?? ""
    // The name becomes a folder's.
    guard !name.isEmpty,
      name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) })
    else {
      throw .badValue(subject: "in line \(line)", column: "participant_id", value: name, path: path)
    }
    guard let age = values["age"].flatMap(Double.init), (0...120).contains(age) else {
      throw .badValue(subject: name, column: "age", value: values["age"] ?? "n/a", path: path)
    }
    return Row(
      name: name, age: age, values: values.filter { !["participant_id", "age"].contains($0.key) })
  }
}
