import Foundation

/// What stands before the elements in NumPy's `.npy` files, versions 1 to 3.
///
/// - SeeAlso: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>
public struct NumPyHeader: Sendable, Equatable {
  /// The kind of elements: `b` for booleans, `i`, `u` and `f` for numbers, `c` for complex ones.
  public let type: Character
  /// The bytes of an element.
  public let elementBytes: Int
  /// Whether the highest byte of a number comes first.
  public let isBigEndian: Bool
  /// Whether the first axis runs fastest.
  public let isFortran: Bool
  /// The extents of the axes.
  public let shape: [Int]
  /// Where the elements begin in the file.
  public let dataStart: Int

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Why a header cannot be understood, in words.
  public struct Fault: Error, Equatable {
    /// What is wrong.
    public let problem: String
  }

  /// Reads the header at the beginning of a file's bytes.
  ///
  /// - Throws: ``Fault`` if it is none, or describes no numbers.
  public init(_ bytes: some Collection<UInt8>) throws(Fault) {
    let start = Array(bytes.prefix(12))
    guard start.count == 12, Array(start[..<6]) == Self.magic, (1...3).contains(start[6]) else {
      throw Fault(problem: "not a .npy file")
    }
    let lengthBytes = start[6] == 1 ? 2 : 4
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(start[8 + $1]) << (8 * $1) }
    dataStart = 8 + lengthBytes + length
    let text = Array(bytes.dropFirst(8 + lengthBytes).prefix(length))
    guard text.count == length else { throw Fault(problem: "ends within its header") }
    let header = String(decoding: text, as: UTF8.self)
    guard let kind = Self.value("descr", in: header), let shape = Self.shape(in: header) else {
      throw Fault(
        problem: "its header lacks the element type or whole numbers as shape: \(header.prefix(80))")
    }
    guard shape.allSatisfy({ $0 >= 0 }) else { throw Fault(problem: "has negative extents: \(shape)") }
    // An axis of no extent would hide that the others cannot be.
    var count = 1
    for extent in shape where extent > 0 {
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      guard !overflows else { throw Fault(problem: "has impossible extents: \(shape)") }
      count = product
    }
    let size = Int(kind.drop { !$0.isNumber }) ?? 0
    let sizes: [Character: [Int]] = [
      "b": [1], "i": [1, 2, 4, 8], "u": [1, 2, 4, 8], "f": [2, 4, 8, 16], "c": [8, 16, 32],
    ]
    guard let type = kind.first(where: \.isLetter), sizes[type]?.contains(size) == true else {
      throw Fault(problem: "holds elements of type \(kind), not numbers")
    }
    self.type = type
    elementBytes = size
    isBigEndian = kind.hasPrefix(">")
    isFortran = header.contains("'fortran_order': True")
    self.shape = shape
  }

  /// The bytes that stand before the elements of an array in C order.
  ///
  /// - Parameters:
  ///   - descriptor: NumPy's name of the element type, such as `<c8`.
  ///   - shape: The extents of the axes, slowest first.
  public static func bytes(descriptor: String, shape: [Int]) -> [UInt8] {
    let list = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header = "{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(list)), }"
    // NumPy aligns the data to 64 bytes; the newline is part of the header.
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    return magic + [1, 0, UInt8(header.utf8.count & 0xFF), UInt8(header.utf8.count >> 8)] + header.utf8
  }

  /// The quoted text of a key of the header's dictionary.
  private static func value(_ key: String, in header: String) -> String? {
    guard let range = header.range(of: "'\(key)':") else { return nil }
    let rest = header[range.upperBound...].drop { $0 == " " }
    guard rest.first == "'" else { return nil }
    return String(rest.dropFirst().prefix { $0 != "'" })
  }

  private static func shape(in header: String) -> [Int]? {
    guard let range = header.range(of: "'shape':") else { return nil }
    let rest = header[range.upperBound...].drop { $0 == " " }
    guard rest.first == "(" else { return nil }
    let words = rest.dropFirst().prefix { $0 != ")" }.split(separator: ",")
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    let numbers = words.compactMap { Int($0) }
    return numbers.count == words.count ? numbers : nil
  }
}
