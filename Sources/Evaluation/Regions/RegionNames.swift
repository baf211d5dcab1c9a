import Files

/// The names of regions by their numbers, as a BIDS look-up table lists them: the columns `index` and `name`.
public struct RegionNames: Sendable, Equatable {
  /// The names.
  public let names: [Int32: String]

  /// Reads a table.
  ///
  /// - Throws: ``InputError`` that names the line: for numbers that are none, or occur twice, and as ``Table`` does.
  public init(at path: String) throws(InputError) {
    var names: [Int32: String] = [:]
    for row in try Table(at: path, needing: ["index", "name"]).rows {
      guard let number = row["index"].flatMap({ Int32($0) }), let name = row["name"], !name.isEmpty else {
        throw InputError(
          path, "line \(row.line) is not a whole number with a name", remedy: "Mend that line")
      }
      guard names.updateValue(name, forKey: number) == nil else {
        throw InputError(
          path, "the index \(number) occurs twice, the second time in line \(row.line)",
          remedy: "Give each number one name")
      }
    }
    self.names = names
  }

  /// The name of a region; `nil` if it has none.
  public subscript(number: Int) -> String? { Int32(exactly: number).flatMap { names[$0] } }
}
