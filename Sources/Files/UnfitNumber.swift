import Foundation

/// The number of a JSON text that does not fit where it stands.
///
/// Foundation calls such a text no JSON, and names neither the number nor its key; both are found by putting other numbers
/// in their place.
struct UnfitNumber {
  /// What is wrong, as the end of a sentence.
  let reason: String

  /// The most numbers that are tried.
  private static let mostNumbers = 1000
  /// What stands for a number until one is tried.
  private static let marker = "\u{1}number"
  /// The ranges of whole numbers, those that hold others first.
  private static let ranges: [(low: String, high: String)] = [
    ("0", "\(UInt64.max)"), ("\(Int64.min)", "\(Int64.max)"), ("0", "\(UInt32.max)"),
    ("\(Int32.min)", "\(Int32.max)"), ("0", "\(UInt16.max)"), ("\(Int16.min)", "\(Int16.max)"),
    ("0", "\(UInt8.max)"),
  ]

  /// Looks for it in a text that was called no JSON; `nil` if it is none, or if no single number is to blame.
  init?<Value: Decodable>(in data: Data, of type: Value.Type) {
    let decoder = JSONDecoder()
    guard let content = try? decoder.decode(JSONValue.self, from: data), content != .null else { return nil }
    /// Whether a text is read, or refused for another reason, with other digits in the place of a number.
    func fits(_ digits: String, _ path: [Key]) -> Bool {
      guard let changed = try? JSONEncoder().encode(content.replacing(path[...], by: .string(Self.marker))),
        let quoted = try? JSONEncoder().encode(Self.marker)
      else { return false }
      let text = String(decoding: changed, as: UTF8.self)
        .replacingOccurrences(of: String(decoding: quoted, as: UTF8.self), with: digits)
      do {
        _ = try decoder.decode(Value.self, from: Data(text.utf8))
        return true
      } catch DecodingError.dataCorrupted(let context) {
        return !context.codingPath.isEmpty
      } catch { return true }
    }
    let numbers = content.numbers([]).prefix(Self.mostNumbers)
    guard let odd = numbers.first(where: { fits("1", $0.path) }) else { return nil }
    let name = odd.path.map(\.text).joined(separator: ".")
    let isReal = fits("0.5", odd.path)
    let range = isReal ? nil : Self.ranges.first { fits($0.low, odd.path) && fits($0.high, odd.path) }
    let value =
      odd.value == odd.value.rounded() && abs(odd.value) < 1e15 ? "\(Int(odd.value))" : "\(odd.value)"
    reason =
      "its key \"\(name)\" is \(value), "
      + (range.map { "and must be a whole number from \($0.low) to \($0.high)" } ?? "which does not fit")
  }

  /// A step down into a text: a key, or a place in a list.
  fileprivate enum Key {
    case name(String)
    case place(Int)

    /// As messages write it; places count from 1.
    var text: String {
      switch self {
      case .name(let name): name
      case .place(let place): "\(place + 1)"
      }
    }
  }
}

extension JSONValue {
  /// All numbers, and the ways to them.
  fileprivate func numbers(_ path: [UnfitNumber.Key]) -> [(path: [UnfitNumber.Key], value: Double)] {
    switch self {
    case .number(let value): [(path, value)]
    case .array(let values):
      values.enumerated().flatMap { $0.element.numbers(path + [.place($0.offset)]) }
    case .object(let values):
      values.sorted { $0.key < $1.key }.flatMap { $0.value.numbers(path + [.name($0.key)]) }
    case .string, .bool, .null: []
    }
  }

  /// With another value at the end of a way.
  fileprivate func replacing(_ path: ArraySlice<UnfitNumber.Key>, by other: JSONValue) -> JSONValue {
    guard let step = path.first else { return other }
    switch (self, step) {
    case (.array(var values), .place(let place)) where values.indices.contains(place):
      values[place] = values[place].replacing(path.dropFirst(), by: other)
      return .array(values)
    case (.object(var values), .name(let name)):
      values[name] = values[name]?.replacing(path.dropFirst(), by: other)
      return .object(values)
    default: return self
    }
  }
}
