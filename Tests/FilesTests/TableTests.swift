import Files
import Foundation
import TestSupport
import Testing

struct TableTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private func table(_ text: String) throws -> Table {
    let path = folder.path("table.tsv")
    try Data(text.utf8).write(to: URL(filePath: path))
    return try Table(at: path, needing: ["index", "name"])
  }

  @Test(arguments: [
    "index\tname\n11\tcaudate\n12\tputamen\n", "\u{FEFF}index\tname\r\n11\tcaudate\r\n12\tputamen\r\n",
    " index \t name \n 11 \t caudate \n\n 12\tputamen", "name\tindex\ncaudate\t11\nputamen\t12\n",
  ])
  func `Blanks, line ends, a byte-order mark and the order of columns make no difference`(_ text: String)
    throws
  {
    let table = try table(text)
    #expect(table.rows.map { $0["index"] } == ["11", "12"])
    #expect(table.rows.map { $0["name"] } == ["caudate", "putamen"])
    #expect(table.rows[0]["colour"] == nil)
  }

  @Test(arguments: [
    ("", "empty"), ("index name\n11 caudate\n", "\"index\" is missing"), ("index\tname\n11\n", "line 2"),
    ("index\tname\n11\tcaudate\tred\n", "line 2"), ("index\tname\tname\n1\ta\tb\n", "two columns"),
    ("index,name\n11,caudate\n", "\"index\" is missing"),
  ])
  func `A table that cannot be read as one is refused by its line or column`(_ text: String, _ words: String)
    throws
  {
    let error = try #require(throws: InputError.self) { try table(text) }
    #expect(error.description.contains("table.tsv") && error.description.contains(words), "\(error)")
  }
}
