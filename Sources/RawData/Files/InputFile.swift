import Files
import Foundation

/// A file open for reading at any offset; what comes through a pipe is put into a temporary file first.
///
/// Reads copy. A mapping would count as the process's memory and end the process if the file shrinks.
final class InputFile: Sendable {
  /// The path, as the user named it; `-` is the standard input.
  let path: String
  /// The size [bytes].
  let size: Int
  private let descriptor: Int32
  private let temporaryPath: String?

  /// Opens a file.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  init(at path: String) throws(RawDataError) {
    LastWord.note(.reading, path == "-" ? "standard input" : path)
    let source = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
    guard source >= 0 else { throw Self.unreadable(path, errno) }
    var status = stat()
    guard fstat(source, &status) == 0 else {
      defer { close(source) }
      throw Self.unreadable(path, errno)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG where path != "-":
      descriptor = source
      temporaryPath = nil
      size = Int(status.st_size)
    case S_IFDIR:
      close(source)
      throw RawDataError(
        .unreadable, in: path, "this is a folder, not a file", remedy: "Name the raw-data file in it")
    default:
      defer { close(source) }
      let spooled = try Self.spool(source, path)
      (descriptor, size) = (spooled.descriptor, spooled.size)
      temporaryPath = spooled.path
    }
    self.path = path
  }

  /// Takes a file that is open already; `path` is what messages call it.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  init(duplicating open: Int32, path: String) throws(RawDataError) {
    var status = stat()
    let copy = fcntl(open, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0, fstat(copy, &status) == 0 else { throw Self.unreadable(path, errno) }
    (descriptor, size, temporaryPath) = (copy, Int(status.st_size), nil)
    self.path = path
  }

  deinit {
    close(descriptor)
    if let temporaryPath { unlink(temporaryPath) }
  }

  /// Hands a closure a path under which another library can open the same content.
  ///
  /// A temporary file has a name during that time alone: it vanishes with the process, whatever ends that.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`, and what the closure throws.
  func withPathToOpen<Result>(
    _ body: (String) throws(RawDataError) -> Result
  ) throws(RawDataError) -> Result {
    guard let temporaryPath else { return try body(path) }
    defer { unlink(temporaryPath) }
    if access(temporaryPath, F_OK) == 0 { return try body(temporaryPath) }
    guard linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, temporaryPath, AT_SYMLINK_FOLLOW) == 0
    else { throw Self.unreadable(path, errno) }
    return try body(temporaryPath)
  }

  /// Reads bytes.
  ///
  /// - Throws: ``RawDataError`` of kind `truncated` if the file ends before, or `unreadable`.
  func read(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(RawDataError) {
    var done = 0
    while done < bytes.count {
      let count = pread(
        descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
      if count > 0 {
        done += count
      } else if count == 0 {
        throw RawDataError(
          .truncated, in: path, "the file ends at byte \(offset + done)", remedy: "Copy it again in whole")
      } else if errno != EINTR {
        throw Self.unreadable(path, errno)
      }
    }
  }

  /// The bytes from an offset on: as many as asked for, or as there are.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  func bytes(at offset: Int, upTo count: Int) throws(RawDataError) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: max(0, min(count, size - offset)))
    var failure: RawDataError?
    result.withUnsafeMutableBytes { buffer in
      do throws(RawDataError) { try read(buffer, at: offset) } catch { failure = error }
    }
    if let failure { throw failure }
    return result
  }

  private static func unreadable(_ path: String, _ code: Int32) -> RawDataError {
    let remedy =
      switch code {
      case ENOENT, ENOTDIR: "Check the name and the folder"
      case EACCES, EPERM: "Ask for the right to read it, for instance with chmod"
      default: "Check the disk or the network behind it"
      }
    return RawDataError(
      .unreadable, in: path, "the file cannot be read (\(String(cString: strerror(code))))", remedy: remedy)
  }

  private static func spool(_ source: Int32, _ path: String) throws(RawDataError) -> (
    descriptor: Int32, size: Int, path: String
  ) {
    let temporary = TemporaryFile(for: path)
    // Without a name, what was read so far is gone when the process is.
    let temporaryPath = temporary.path, target = try temporary.create()
    func abandon() {
      close(target)
      unlink(temporaryPath)
    }
    var total = 0
    var isJudged = false
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = Foundation.read(source, &buffer, buffer.count)
      if count == 0 { return (target, total, temporaryPath) }
      if count < 0 {
        if errno == EINTR { continue }
        defer { abandon() }
        throw unreadable(path, errno)
      }
      var written = 0
      while written < count {
        let step = buffer.withUnsafeBytes {
          write(target, $0.baseAddress.map { $0 + written }, count - written)
        }
        if step < 0 {
          if errno == EINTR { continue }
          defer { abandon() }
          throw temporary.full(errno)
        }
        written += step
      }
      total += count
      // What cannot be raw data is not worth a full disk.
      guard !isJudged, total >= FileKind.prefixSize else { continue }
      isJudged = true
      var prefix = [UInt8](repeating: 0, count: FileKind.prefixSize)
      if pread(target, &prefix, prefix.count, 0) == prefix.count,
        case .other(let what, let remedy) = FileKind(prefix: prefix)
      {
        defer { abandon() }
        throw RawDataError(.malformed, in: path, what, remedy: remedy)
      }
    }
  }
}
