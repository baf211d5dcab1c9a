import Foundation
import Numerics

/// A stream of framed MRD messages that is being written.
final class StreamSink: ReadoutSink {
  private let output: OutputFile?
  private let path: String
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  /// Starts a stream with its header; `-` is the standard output.
  init(creating path: String, xml: String) throws(RawDataError) {
    self.path = path
    output = path == "-" ? nil : try OutputFile(at: path)
    descriptor = output.map { open($0.partialPath, O_WRONLY | O_CLOEXEC) } ?? dup(STDOUT_FILENO)
    guard descriptor >= 0 else { throw failure(errno) }
    let text = Array(xml.utf8)
    put(.header)
    withUnsafeBytes(of: UInt32(text.count).littleEndian) { buffer.append(contentsOf: $0) }
    buffer.append(contentsOf: text)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func append(
    _ header: AcquisitionHeader, _ samples: UnsafeBufferPointer<Complex<Float>>, _ trajectory: [Float]
  ) throws(RawDataError) {
    put(.acquisition)
    withUnsafeTemporaryAllocation(byteCount: AcquisitionHeader.byteCount, alignment: 2) { bytes in
      header.write(to: bytes)
      buffer.append(contentsOf: bytes)
    }
    trajectory.withUnsafeBytes { buffer.append(contentsOf: $0) }
    buffer.append(contentsOf: UnsafeRawBufferPointer(samples))
    if buffer.count >= 1 << 20 { try flush() }
  }

  func finish() throws(RawDataError) {
    put(.close)
    try flush()
    try output?.commit()
  }

  private func put(_ message: StreamMessage) {
    withUnsafeBytes(of: message.rawValue.littleEndian) { buffer.append(contentsOf: $0) }
  }

  private func flush() throws(RawDataError) {
    var done = 0
    while done < buffer.count {
      let count = buffer.withUnsafeBytes {
        write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done)
      }
      if count >= 0 {
        done += count
      } else if errno != EINTR {
        throw failure(errno)
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }

  private func failure(_ code: Int32) -> RawDataError {
    output?.failure(code)
      ?? RawDataError(
        .unreadable, in: path, "the standard output cannot be written (\(String(cString: strerror(code))))",
        remedy: "Check the program that reads it")
  }
}
