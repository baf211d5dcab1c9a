import Foundation
import Testing

@testable import Files

/// What is asked of a text before Foundation reads it as JSON.
struct JSONFileTests {
  /// Brackets in a depth, closed or not, behind a beginning.
  private func brackets(_ count: Int, isClosed: Bool = false, behind start: String = "") -> Data {
    Data(
      (start + String(repeating: "[", count: count) + (isClosed ? String(repeating: "]", count: count) : ""))
        .utf8)
  }

  @Test("Deep brackets are refused, at whatever depth the text ends")
  func depth() {
    for count in [1, 64] { #expect(JSONFile.object(from: brackets(count, isClosed: true)) != nil) }
    #expect(JSONFile.object(from: brackets(65, isClosed: true)) == nil)
    // Foundation itself traps at some of these.
    for count in 505..<520 {
      for start in ["", "{\"a\":", " {\"a\": \"\\\"[\", \"b\":", "\u{FEFF}"] {
        #expect(JSONFile.object(from: brackets(count, behind: start)) == nil)
        #expect(throws: JSONFile.Fault.self) {
          try JSONFile.decode([String: [Int]].self, from: brackets(count, behind: start))
        }
      }
    }
  }

  @Test("Brackets within texts do not count")
  func texts() throws {
    let text = String(repeating: "[{\\\\\\\"", count: 200)
    #expect(try JSONFile.decode([String].self, from: Data("[\"\(text)\"]".utf8)).first?.count == 200 * 4)
  }

  @Test(
    "Other encodings are refused", arguments: [String.Encoding.utf16, .utf16LittleEndian, .utf32BigEndian])
  func encodings(encoding: String.Encoding) throws {
    let data = try #require("{\"a\": 1}".data(using: encoding))
    #expect(try JSONDecoder().decode([String: Int].self, from: data) == ["a": 1])
    #expect(JSONFile.object(from: data) == nil)
  }
}
