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

  private struct Numbers: Decodable {
    enum Word: String, Decodable {
      case one, two
    }

    var count: Int?
    var seed: UInt64?
    var words: [Word]?
    var inner: [String: Int]?
  }

  @Test(
    "A number or a word that does not fit is named with its key, and numbers with what fits",
    arguments: [
      (
        #"{"seed": 7, "count": 1e30}"#, ["\"count\"", "1e+30", "-9223372036854775808 to 9223372036854775807"]
      ),
      (#"{"count": 1.5}"#, ["\"count\" is 1.5", "whole number"]),
      (#"{"count": -1, "seed": -1}"#, ["\"seed\" is -1", "0 to 18446744073709551615"]),
      (#"{"inner": {"a": 1, "b": 2.5}}"#, ["\"inner.b\" is 2.5"]),
      (#"{"words": ["one", "three"]}"#, ["\"words.2\" is \"three\""]),
      (#"{"count": "#, ["it is not JSON"]),
    ])
  func unfit(text: String, parts: [String]) throws {
    let fault = try #require(throws: JSONFile.Fault.self) {
      try JSONFile.decode(Numbers.self, from: Data(text.utf8))
    }
    for part in parts { #expect(fault.reason.contains(part), "\(fault.reason)") }
  }
}
