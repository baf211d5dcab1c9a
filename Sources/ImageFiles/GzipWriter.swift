import CZlib
import Files
import NDArrays

/// One gzip member whose blocks are packed on all threads.
///
/// Every block is deflated by itself, with the 32 KiB before it as its dictionary, and ends on a byte boundary
/// (`Z_SYNC_FLUSH`); joined, the blocks are one ordinary deflate stream. Readers that stop after the first member
/// of a file thus get everything. The same data give the same bytes, whatever the number of threads.
enum GzipWriter {
  private static let blockLength = 1 << 20
  private static let windowLength = 1 << 15

  /// Appends packed data to a file.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  static func append(
    _ parts: [UnsafeRawBufferPointer], to file: borrowing AtomicFile, level: Int32 = 1
  ) throws(FileError) {
    // ID, deflate, no name, no time, fastest method, unknown system.
    try file.append([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 4, 255])
    var checksum = crc32(0, nil, 0)
    for part in parts {
      try append(part, to: file, level: level, checksum: &checksum)
    }
    // An empty last block, then the trailer.
    try file.append([0x03, 0x00])
    let length = parts.reduce(0) { $0 + $1.count }
    for value in [UInt32(truncatingIfNeeded: checksum), UInt32(truncatingIfNeeded: length)] {
      try file.append((0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
    }
  }

  private static func append(
    _ part: UnsafeRawBufferPointer, to file: borrowing AtomicFile, level: Int32, checksum: inout UInt
  ) throws(FileError) {
    let source = SharedConstants(part.bindMemory(to: UInt8.self))
    let blocks = (part.count + blockLength - 1) / blockLength
    let batch = max(1, min(blocks, 4 * Parallelism.threads))
    // What deflate may add to data that it cannot pack, and the flush.
    let slot = blockLength + blockLength / 1000 + 64
    let packed = SharedBuffer(UnsafeMutableBufferPointer<UInt8>.allocate(capacity: batch * slot))
    let lengths = SharedBuffer(UnsafeMutableBufferPointer<Int>.allocate(capacity: batch))
    let checksums = SharedBuffer(UnsafeMutableBufferPointer<UInt32>.allocate(capacity: batch))
    defer {
      packed.elements.deallocate()
      lengths.elements.deallocate()
      checksums.elements.deallocate()
    }
    @Sendable func range(_ block: Int) -> Range<Int> {
      block * blockLength..<min(source.elements.count, (block + 1) * blockLength)
    }
    for first in stride(from: 0, to: blocks, by: batch) {
      let count = min(batch, blocks - first)
      Parallelism.forEach(count) { index in
        let range = range(first + index)
        lengths[index] = deflate(
          source[range], after: source[max(0, range.lowerBound - windowLength)..<range.lowerBound],
          into: packed[index * slot..<(index + 1) * slot], level: level)
        checksums[index] = UInt32(crc32(0, source[range].baseAddress, UInt32(range.count)))
      }
      for index in 0..<count {
        checksum = crc32_combine(checksum, UInt(checksums[index]), range(first + index).count)
        try file.append(UnsafeRawBufferPointer(packed[index * slot..<index * slot + lengths[index]]))
      }
    }
  }

  /// Packs one block and returns the number of bytes that it became.
  private static func deflate(
    _ block: UnsafeBufferPointer<UInt8>, after window: UnsafeBufferPointer<UInt8>,
    into target: UnsafeMutableBufferPointer<UInt8>, level: Int32
  ) -> Int {
    var stream = z_stream()
    // Negative window bits: a raw stream, without zlib's own header.
    var status = deflateInit2_(
      &stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "zlib cannot start: \(status)")
    defer { deflateEnd(&stream) }
    if !window.isEmpty { deflateSetDictionary(&stream, window.baseAddress, UInt32(window.count)) }
    stream.next_in = UnsafeMutablePointer(mutating: block.baseAddress)
    stream.avail_in = UInt32(block.count)
    stream.next_out = target.baseAddress
    stream.avail_out = UInt32(target.count)
    status = CZlib.deflate(&stream, Z_SYNC_FLUSH)
    precondition(status == Z_OK && stream.avail_out > 0, "zlib cannot pack a block: \(status)")
    return target.count - Int(stream.avail_out)
  }
}
