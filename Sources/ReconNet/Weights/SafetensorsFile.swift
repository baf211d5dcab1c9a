import Files
import Foundation
import NDArrays

/// A file of named arrays in the safetensors format.
///
/// ```
/// header length, 8 bytes little-endian | header, JSON | data
/// header: { "name": { "dtype": "F32", "shape": [8, 2, 3, 3, 3], "data_offsets": [first, end] }, ...,
///           "__metadata__": { "key": "text", ... } }
/// ```
///
/// Offsets count from the end of the header; the tensors fill the data without gaps or overlaps.
struct SafetensorsFile {
  /// Where the file is.
  let path: String
  /// What the writer noted down.
  let metadata: [String: String]

  private let data: Data
  private let entries: [String: Entry]

  /// One tensor's part of the header.
  private struct Entry {
    var type: ElementType
    var shape: [Int]
    var range: Range<Int>
  }

  /// The names of all tensors.
  var names: [String] { entries.keys.sorted() }

  /// The extents of a tensor; `nil` if there is none of that name.
  func shape(of name: String) -> [Int]? { entries[name]?.shape }

  /// The longest header that the format's own reader accepts [bytes].
  static let longestHeader = 100_000_000

  /// Reads a file.
  ///
  /// - Throws: ``ReconNetError`` if it cannot be read, is not safetensors, or has a tensor that contradicts the file.
  init(at path: String) throws(ReconNetError) {
    LastWord.note(.reading, path)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    guard let data = try? Data(contentsOf: URL(filePath: path), options: .mappedIfSafe) else {
      throw .unreadable(path: path, reason: "it is no file that can be mapped")
    }
    try self.init(data: data, path: path)
  }

  /// Reads the content of a file.
  init(data: Data, path: String) throws(ReconNetError) {
    guard data.count >= 8 else { throw .notSafetensors(path: path, reason: "it has \(data.count) bytes") }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(min(Self.longestHeader, data.count - 8)) else {
      throw .notSafetensors(
        path: path, reason: "its header would take \(length) bytes, and the file has \(data.count)")
    }
    let start = 8 + Int(length)
    guard
      var header = JSONFile.object(from: data[data.startIndex + 8..<data.startIndex + start])
        as? [String: Any]
    else { throw .notSafetensors(path: path, reason: "its header is not JSON") }
    let metadata = header.removeValue(forKey: "__metadata__")
    guard metadata == nil || metadata is [String: String] else {
      throw .notSafetensors(path: path, reason: "its metadata are not texts")
    }
    self.path = path
    self.metadata = metadata as? [String: String] ?? [:]
    self.data = data.dropFirst(start)
    var entries: [String: Entry] = [:]
    for (name, description) in header {
      entries[name] = try Self.entry(description, name: name, path: path)
    }
    self.entries = entries
    try checkOffsets()
  }

  private static func entry(_ description: Any, name: String, path: String) throws(ReconNetError) -> Entry {
    func bad(_ reason: String) -> ReconNetError { .badTensor(path: path, tensor: name, reason: reason) }
    guard let fields = description as? [String: Any], let typeName = fields["dtype"] as? String,
      let shape = fields["shape"] as? [Int], let offsets = fields["data_offsets"] as? [Int]
    else { throw bad("has no dtype, shape or data_offsets") }
    guard let type = ElementType(rawValue: typeName) else {
      throw bad("holds \(typeName) where F32, F16, BF16 or F64 is needed")
    }
    guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1] else {
      throw bad("has the offsets \(offsets)")
    }
    var bytes: Int? = type.bytes
    for extent in shape {
      let (product, overflow) = (bytes ?? 0).multipliedReportingOverflow(by: extent)
      bytes = overflow || extent < 0 || bytes == nil ? nil : product
    }
    guard bytes == offsets[1] - offsets[0] else {
      throw bad("of shape \(shape) cannot take \(offsets[1] - offsets[0]) bytes of \(typeName)")
    }
    return Entry(type: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  private func checkOffsets() throws(ReconNetError) {
    var end = 0
    for (name, entry) in entries.sorted(by: {
      ($0.value.range.lowerBound, $0.value.range.upperBound, $0.key) < (
        $1.value.range.lowerBound, $1.value.range.upperBound, $1.key
      )
    }) {
      guard entry.range.upperBound <= data.count else {
        throw .badTensor(
          path: path, tensor: name,
          reason: "ends at byte \(entry.range.upperBound) of \(data.count): the file is truncated")
      }
      guard entry.range.lowerBound == end else {
        throw .badTensor(
          path: path, tensor: name,
          reason: entry.range.lowerBound < end ? "overlaps another one" : "leaves a gap before it")
      }
      end = entry.range.upperBound
    }
    guard end == data.count else {
      throw .notSafetensors(
        path: path, reason: "\(data.count - end) bytes after the last tensor belong to none")
    }
  }

  /// The elements of a tensor in single precision; `nil` if there is none of that name.
  ///
  /// - Throws: ``ReconNetError/badTensor(path:tensor:reason:)`` if an element is not finite.
  func tensor(_ name: String) throws(ReconNetError) -> NDArray<Float>? {
    guard let entry = entries[name] else { return nil }
    let values = NDArray<Float>(uninitializedShape: entry.shape) { target in
      data.withUnsafeBytes { bytes in
        let bytes = UnsafeRawBufferPointer(rebasing: bytes[entry.range])
        for index in target.indices {
          target.initializeElement(at: index, to: entry.type.value(bytes, index))
        }
      }
    }
    guard values.withUnsafeBufferPointer({ $0.allSatisfy(\.isFinite) }) else {
      throw .badTensor(
        path: path, tensor: name, reason: "holds numbers that are not finite in single precision")
    }
    return values
  }
}
