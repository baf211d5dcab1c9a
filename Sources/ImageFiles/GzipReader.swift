import CZlib
import Files
import Foundation

/// A file read from start to end, unpacked on the way if it is gzip.
struct GzipReader: ~Copyable {
  private let path: String
  private let file: gzFile
  private var position = 0

  /// The most bytes that the file can hold: its length, times deflate's best ratio if it is packed.
  let capacity: Int

  /// Opens a file.
  ///
  /// - Throws: ``FileError/missing(path:)`` or ``FileError/unreadable(path:reason:)``.
  init(path: String) throws(FileError) {
    let length = try RegularFile.length(path)
    guard let file = gzopen(path, "rb") else {
      throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    gzbuffer(file, 1 << 18)
    self.path = path
    self.file = file
    let (product, overflows) = length.multipliedReportingOverflow(
      by: gzdirect(file) == 1 ? 1 : 1032)
    capacity = overflows ? .max : product
  }

  deinit { gzclose(file) }

  /// Fills a buffer with the bytes that follow.
  ///
  /// - Throws: ``FileError/truncated(path:expectedBytes:foundBytes:)`` if there are not so many, or
  ///   ``FileError/unreadable(path:reason:)`` if they cannot be unpacked.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) {
    var filled = 0
    while filled < buffer.count {
      let count = try next(UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]))
      guard count > 0 else {
        throw .truncated(
          path: path, expectedBytes: position + buffer.count, foundBytes: position + filled)
      }
      filled += count
    }
    position += filled
  }

  /// Passes over bytes.
  ///
  /// - Throws: As ``read(into:)``.
  mutating func skip(_ count: Int) throws(FileError) {
    guard count > 0 else { return }
    let target = UnsafeMutableRawBufferPointer.allocate(byteCount: min(count, 1 << 20), alignment: 1)
    defer { target.deallocate() }
    var rest = count
    while rest > 0 {
      let step = min(rest, target.count)
      try read(into: UnsafeMutableRawBufferPointer(rebasing: target[..<step]))
      rest -= step
    }
  }

  /// Makes sure that nothing is missing after the last byte that was read: packed data end with a checksum.
  ///
  /// - Throws: As ``read(into:)``.
  mutating func finish() throws(FileError) {
    var byte: UInt8 = 0
    let result = withUnsafeMutableBytes(of: &byte) { byte in
      Result { () throws(FileError) in try next(byte) }
    }
    _ = try result.get()
  }

  private func next(_ buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    let count = Int(gzread(file, buffer.baseAddress, UInt32(min(buffer.count, 1 << 30))))
    var code: Int32 = 0
    let message = gzerror(file, &code)
    switch code {
    case Z_OK, Z_STREAM_END: return count
    // A stream that stops in the middle still yields what it held; the caller sees that it is too short.
    case Z_BUF_ERROR where count > 0: return count
    case Z_BUF_ERROR:
      throw .unreadable(
        path: path, reason: "its gzip stream ends after \(gzoffset(file)) bytes, in the middle")
    case Z_ERRNO: throw .unreadable(path: path, reason: String(cString: strerror(errno)))
    default:
      let reason = message.map { String(cString: $0) } ?? "error \(code)"
      throw .unreadable(path: path, reason: "its gzip data are damaged: \(reason)")
    }
  }
}

extension GzipReader {
  /// The bytes that follow.
  ///
  /// - Throws: As ``read(into:)``.
  mutating func bytes(_ count: Int) throws(FileError) -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { (buffer, filled) throws(FileError) in
      try read(into: UnsafeMutableRawBufferPointer(buffer))
      filled = count
    }
  }
}
