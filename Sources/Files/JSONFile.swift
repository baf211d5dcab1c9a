import Foundation

/// JSON files as BIDS writes them: keys in alphabetical order, indented.
public enum JSONFile {
  /// A value as text, for people and programs.
  ///
  /// - Throws: `EncodingError` if a number is not finite, which JSON does not know.
  public static func text(of value: some Encodable) throws -> String { try text(of: value, .prettyPrinted) }

  /// A value as text in one line, whose digest identifies it.
  ///
  /// - Throws: `EncodingError` if a number is not finite.
  public static func line(of value: some Encodable) throws -> String { try text(of: value, []) }

  private static func text(
    of value: some Encodable, _ format: JSONEncoder.OutputFormatting
  ) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = format.union([.sortedKeys, .withoutEscapingSlashes])
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  /// Writes a value in one step: a run that is killed leaves the old file or the new one.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``, also if a number is not finite.
  public static func write(_ value: some Encodable, to path: String) throws(FileError) {
    try AtomicFile.write(content(of: value, for: path), to: path)
  }

  private static func content(of value: some Encodable, for path: String) throws(FileError) -> String {
    do {
      return try text(of: value) + "\n"
    } catch {
      // JSON has no infinities; they come from a header, so this is no bug of the caller's.
      throw .cannotWrite(path: path, reason: "a number is not finite")
    }
  }

  /// Writes a value, unless there is a file of this name; of several processes, the first one's stays.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``, also if a number is not finite.
  public static func create(_ value: some Encodable, at path: String) throws(FileError) {
    let content = try content(of: value, for: path)
    let file = try AtomicFile(path)
    try file.append(content.utf8)
    try file.commit(replacing: false)
  }

  /// Reads a value.
  ///
  /// - Throws: ``FileError`` if the file is missing, no JSON, or holds something else.
  public static func read<Value: Decodable>(_ path: String) throws(FileError) -> Value {
    try RegularFile.length(path)
    LastWord.note(.reading, path)
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .unreadable(path: path, reason: "no permission")
    }
    do throws(Fault) {
      return try decode(from: data)
    } catch {
      throw .malformed(path: path, reason: error.reason)
    }
  }

  /// Why a text is not the JSON that it should be.
  public struct Fault: Error, Equatable {
    /// What is wrong with it, and under which key, as the end of a sentence.
    public let reason: String
  }

  /// Makes a value from the content of a file.
  ///
  /// - Throws: ``Fault`` in words of its own: a decoder's are for programmers.
  public static func decode<Value: Decodable>(
    _ type: Value.Type = Value.self, from data: Data
  ) throws(Fault) -> Value {
    guard isShallow(data) else { throw Fault(reason: "it is not JSON in UTF-8, or too deep") }
    do {
      return try JSONDecoder().decode(Value.self, from: data)
    } catch let error as DecodingError {
      if case .dataCorrupted(let context) = error, context.codingPath.isEmpty,
        let unfit = UnfitNumber(in: data, of: Value.self)
      {
        throw Fault(reason: unfit.reason)
      }
      throw Fault(reason: error.summary)
    } catch {
      throw Fault(reason: "it is not JSON")
    }
  }

  /// The tables, lists and plain values of a text; `nil` if it is not JSON.
  public static func object(from data: Data) -> Any? {
    isShallow(data) ? try? JSONSerialization.jsonObject(with: data) : nil
  }

  /// The most brackets within each other; those of the files that are read here lie less than ten deep.
  private static let largestDepth = 64

  /// Whether a text is UTF-8 and its brackets lie in moderate depth: Foundation ends the process if it ends at the 513th.
  static func isShallow(_ data: Data) -> Bool {
    // Foundation tells UTF-16 and UTF-32 by marks and zeros at the beginning.
    let start = data.prefix(4)
    guard !start.contains(0), !start.starts(with: [0xFE, 0xFF]), !start.starts(with: [0xFF, 0xFE]) else {
      return false
    }
    return data.withUnsafeBytes { bytes in
      var depth = 0, isText = false, isEscaped = false
      for byte in bytes {
        if isText {
          if isEscaped {
            isEscaped = false
          } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
          } else if byte == UInt8(ascii: "\"") {
            isText = false
          }
          continue
        }
        switch byte {
        case UInt8(ascii: "\""): isText = true
        case UInt8(ascii: "["), UInt8(ascii: "{"):
          depth += 1
          if depth > largestDepth { return false }
        case UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
        default: break
        }
      }
      return true
    }
  }
}

extension DecodingError {
  /// What does not fit, and under which key.
  fileprivate var summary: String {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return context.codingPath.isEmpty
        ? "it is not a table of keys and values"
        : "its key \"\(Self.name(of: context))\" has another type than it should"
    case .keyNotFound(let key, let context):
      let place = context.codingPath.isEmpty ? "" : "\(Self.name(of: context))."
      return "its key \"\(place)\(key.stringValue)\" is missing"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      // These words are the toolkit's own, or say that a number or a word does not fit.
      let words = context.debugDescription
      if words.hasPrefix("Cannot initialize"), let word = words.components(separatedBy: "String value ").last
      {
        return
          "its key \"\(Self.name(of: context))\" is \"\(word)\", which is none of the words that it may be"
      }
      let reason =
        words.hasPrefix("Parsed JSON number") || words.hasPrefix("Number") ? "its number does not fit" : words
      return "its key \"\(Self.name(of: context))\": \(reason)"
    default: return "it is not JSON"
    }
  }

  private static func name(of context: Context) -> String {
    context.codingPath.map { key in key.intValue.map { "\($0 + 1)" } ?? key.stringValue }.joined(
      separator: ".")
  }
}
