import Foundation

/// A table of tab-separated values with a line of column names, as BIDS writes them.
///
/// Cells lose the blanks around them; carriage returns and a byte-order mark are no part of them, and blank lines do not
/// count. A table whose columns are parted by anything but tabs is refused: guessing would give names to wrong numbers.
///
/// - SeeAlso: The Brain Imaging Data Structure, https://bids-specification.readthedocs.io.
public struct Table: Sendable, Equatable {
  /// One line.
  public struct Row: Sendable, Equatable {
    /// The number of the line in the file, from 1.
    public let line: Int
    fileprivate let cells: [String]
    fileprivate let columns: [String: Int]

    /// The cell of a column; `nil` for a column that is not there.
    public subscript(column: String) -> String? { columns[column].map { cells[$0] } }
  }

  /// The names of the columns, in their order.
  public let columns: [String]
  /// The lines below.
  public let rows: [Row]

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - needed: The columns that must be there.
  /// - Throws: ``InputError`` that names the file, and the line or column.
  public init(at path: String, needing needed: [String]) throws(InputError) {
    LastWord.note(.reading, path)
    guard let data = FileManager.default.contents(atPath: path) else {
      throw InputError(path, "the table cannot be read", remedy: "Check the path")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw InputError(path, "the table is no text in UTF-8", remedy: "Save it as a .tsv file in UTF-8")
    }
    try self.init(text: text, path: path, needing: needed)
  }

  init(text: String, path: String, needing needed: [String]) throws(InputError) {
    let lines = text.replacing("\u{FEFF}", with: "").split(
      omittingEmptySubsequences: false, whereSeparator: \.isNewline
    ).map { line in
      line.split(separator: "\t", omittingEmptySubsequences: false).map {
        $0.trimmingCharacters(in: .whitespaces)
      }
    }
    let filled = lines.enumerated().filter { $0.element.contains { !$0.isEmpty } }
    guard let header = filled.first?.element else {
      throw InputError(path, "the table is empty", remedy: "Its first line names the columns")
    }
    if let missing = needed.first(where: { !header.contains($0) }) {
      throw InputError(
        path, "the column \"\(missing)\" is missing",
        remedy: "Name the columns in the first line, parted by tabs")
    }
    if let twice = header.first(where: { name in !name.isEmpty && header.count { $0 == name } > 1 }) {
      throw InputError(path, "two columns are called \"\(twice)\"", remedy: "Name each column once")
    }
    let numbers = Dictionary(header.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
    columns = header
    var rows: [Row] = []
    for (index, cells) in filled.dropFirst() {
      guard cells.count == header.count else {
        throw InputError(
          path, "line \(index + 1) has \(cells.count) cells, and there are \(header.count) columns",
          remedy: "Part cells by one tab each, and write n/a for what is unknown")
      }
      rows.append(Row(line: index + 1, cells: cells, columns: numbers))
    }
    self.rows = rows
  }
}
