import Foundation
import MRIData
import NDArrays

/// Masks in NumPy's `.npy` format, versions 1 to 3.
///
/// - SeeAlso: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>
enum NumPyMask {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Reads `[kz, ky]` or `[echo, kz, ky]` of any number type; non-zero is acquired.
  static func read(_ path: String) throws(SamplingError) -> [SamplingMask] {
    func fault(_ problem: String) -> SamplingError {
      .file(
        path: path, problem: problem, remedy: "Save it with numpy.save(path, mask), mask of axes [kz, ky]")
    }
    guard FileManager.default.fileExists(atPath: path) else {
      throw .file(path: path, problem: "no such file", remedy: "Check the path")
    }
    guard let data = FileManager.default.contents(atPath: path) else { throw fault("cannot be read") }
    let bytes = [UInt8](data)
    guard bytes.count > 12, Array(bytes[..<6]) == magic, (1...3).contains(bytes[6]) else {
      throw fault("not a .npy file")
    }
    let lengthBytes = bytes[6] == 1 ? 2 : 4
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    let start = 8 + lengthBytes + length
    guard start <= bytes.count else { throw fault("ends within its header") }
    let header = String(decoding: bytes[(8 + lengthBytes)..<start], as: UTF8.self)
    guard let kind = Self.value("descr", in: header), let shape = Self.shape(in: header) else {
      throw fault("its header lacks the element type or whole numbers as shape: \(header.prefix(80))")
    }
    let size = Int(kind.drop { !$0.isNumber }) ?? 0
    let sizes: [Character: [Int]] = [
      "b": [1], "i": [1, 2, 4, 8], "u": [1, 2, 4, 8], "f": [2, 4, 8, 16], "c": [8, 16, 32],
    ]
    guard let type = kind.first(where: \.isLetter), sizes[type]?.contains(size) == true else {
      throw fault("holds elements of type \(kind), not numbers")
    }
    guard shape.count == 2 || shape.count == 3, shape.allSatisfy({ $0 > 0 && $0 < 1 << 15 }) else {
      throw fault("has shape \(shape) instead of [kz, ky] or [echo, kz, ky]")
    }
    let count = shape.reduce(1, *)
    guard bytes.count - start == count * size else {
      throw fault(
        "has \(bytes.count - start) bytes of data, but shape \(shape) of \(kind) needs \(count * size)")
    }
    // Negative zero is zero: the sign of a float is its highest bit.
    let isFloat = type == "f" || type == "c"
    let isBigEndian = kind.hasPrefix(">")
    let part = type == "c" ? size / 2 : size
    func isSet(_ element: Int) -> Bool {
      (0..<size).contains { offset in
        let isTop = offset % part == (isBigEndian ? 0 : part - 1)
        return bytes[start + element * size + offset] & (isFloat && isTop ? 0x7F : 0xFF) != 0
      }
    }
    let isReversed = header.contains("'fortran_order': True")
    let axes = shape.count == 2 ? [1] + shape : shape
    return (0..<axes[0]).map { echo in
      SamplingMask(
        isAcquired: NDArray(uninitializedShape: [axes[1], axes[2]]) { flags in
          for index in flags.indices {
            let (z, y) = index.quotientAndRemainder(dividingBy: axes[2])
            let element =
              isReversed ? (y * axes[1] + z) * axes[0] + echo : (echo * axes[1] + z) * axes[2] + y
            flags.initializeElement(at: index, to: isSet(element))
          }
        })
    }
  }

  /// The bytes of a file of booleans.
  static func data(_ masks: [SamplingMask]) -> Data {
    let shape = (masks.count > 1 ? [masks.count] : []) + masks[0].isAcquired.shape
    let list = shape.map(String.init).joined(separator: ", ")
    var header = "{'descr': '|b1', 'fortran_order': False, 'shape': (\(list)), }"
    // NumPy aligns the data to 64 bytes; the newline is part of the header.
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    var data = Data(magic + [1, 0, UInt8(header.utf8.count & 0xFF), UInt8(header.utf8.count >> 8)])
    data.append(contentsOf: header.utf8)
    for mask in masks { data.append(contentsOf: mask.isAcquired.elements.lazy.map { $0 ? 1 : 0 }) }
    return data
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
