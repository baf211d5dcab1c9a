import Foundation

/// Where a stream is kept, byte by byte as it comes, until it can be read as a file.
///
/// Without a path the file has no name and is gone with the process; with one it appears under it when ``finish()`` or
/// ``keep()`` is called.
public final class StreamSpool {
  /// The number of bytes kept.
  public private(set) var count = 0
  private let name: String
  private let output: OutputFile?
  private let descriptor: Int32

  /// Starts a file.
  ///
  /// - Parameters:
  ///   - path: The file to keep; without one a temporary file is used.
  ///   - name: What messages call it where there is no path.
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  public init(savingTo path: String?, name: String) throws(RawDataError) {
    self.name = path ?? name
    output = try path.map { path throws(RawDataError) in try OutputFile(at: path) }
    if let output {
      descriptor = open(output.partialPath, O_RDWR | O_CLOEXEC)
      guard descriptor >= 0 else { throw output.failure(errno) }
    } else {
      descriptor = try TemporaryFile(for: name).unnamed()
    }
  }

  deinit { close(descriptor) }

  /// Appends bytes.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable` if the disk is full or fails.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(RawDataError) {
    var done = 0
    while done < bytes.count {
      let step = write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
      if step >= 0 {
        done += step
        count += step
      } else if errno != EINTR {
        throw output?.failure(errno) ?? TemporaryFile(for: name).full(errno)
      }
    }
  }

  /// Cuts the file to its first bytes.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  public func truncate(to count: Int) throws(RawDataError) {
    guard ftruncate(descriptor, off_t(count)) == 0, lseek(descriptor, 0, SEEK_END) == count else {
      throw output?.failure(errno) ?? TemporaryFile(for: name).full(errno)
    }
    self.count = count
  }

  /// Gives a file that is kept its name, whole or not.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  public func keep() throws(RawDataError) { try output?.commit() }

  /// Completes the file and opens it.
  ///
  /// - Throws: ``RawDataError`` as for any file that is opened.
  public func finish() throws(RawDataError) -> MRDFile {
    try keep()
    return try MRDFile(stream: InputFile(duplicating: descriptor, path: name))
  }
}
