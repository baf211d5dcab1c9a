import Foundation

/// A file that appears under its name only when it is whole.
///
/// The content goes to a hidden file in the same folder; ``commit()`` renames it, which replaces an older file in
/// one step. A value that goes out of scope before, because an error was thrown, removes what it had written.
///
///     try AtomicFile.write(to: "scan.h5") { temporaryPath in
///       try library.save(scan, temporaryPath)
///     }
public struct AtomicFile: ~Copyable {
  /// The name under which the file will appear.
  public let path: String
  /// The name under which it is written.
  public let temporaryPath: String
  private let descriptor: Int32

  /// Starts an empty file beside its final name.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)`` if the folder is absent or closed to the user.
  public init(_ path: String) throws(FileError) {
    let name = URL(filePath: path).lastPathComponent
    let folder = URL(filePath: path).deletingLastPathComponent()
    self.path = path
    // The name stays at the end, for libraries that look at the extension.
    temporaryPath = folder.appending(path: WorkMark.name(for: name)).path
    var status = stat()
    if stat(path, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) {
      descriptor = -1
      throw .cannotWrite(path: path, reason: "this is a device or a pipe, which a file would replace")
    }
    WorkMark.tidy(folder.path)
    descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
  }

  deinit {
    if descriptor < 0 { return }
    close(descriptor)
    // After a commit nothing bears this name any more.
    unlink(temporaryPath)
  }

  /// Appends bytes.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)`` if the disk is full or gone.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var rest = bytes
    while let start = rest.baseAddress, !rest.isEmpty {
      let written = Foundation.write(descriptor, start, rest.count)
      if written < 0 {
        if errno == EINTR { continue }
        throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[written...])
    }
  }

  /// Appends bytes.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)`` if the disk is full or gone.
  public func append(_ bytes: some Sequence<UInt8>) throws(FileError) {
    let block = Array(bytes)
    let result = block.withUnsafeBytes { block in
      Result { () throws(FileError) in try append(block) }
    }
    try result.get()
  }

  /// Gives the file its name.
  ///
  /// What was written reaches the disk before the name does: after a loss of power, the name stands for the old content
  /// or for the new.
  ///
  /// - Parameter replacing: Whether it replaces what bears the name; else that stays, and this is dropped.
  /// - Throws: ``FileError/cannotWrite(path:reason:)`` if a folder bears the name, or the disk is full.
  public consuming func commit(replacing: Bool = true) throws(FileError) {
    // A folder that is not yet in place is synchronized as a whole.
    let isInWork = path.contains("/" + WorkMark.prefix)
    guard isInWork || fsync(descriptor) == 0 || errno == EINVAL else {
      throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    // Where there are no hard links, the last of several replaces the others.
    if !replacing, link(temporaryPath, path) == 0 || errno == EEXIST { return }
    guard rename(temporaryPath, path) == 0 else {
      throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
  }

  /// Writes a file by a closure that is given the name to write to.
  ///
  /// - Parameters:
  ///   - path: The name under which the file appears when the closure has returned.
  ///   - body: Writes the whole file to the path that it is given, where an empty file waits.
  /// - Throws: What the closure throws, or ``FileError/cannotWrite(path:reason:)``; then nothing is left behind.
  public static func write<Result>(
    to path: String, _ body: (_ temporaryPath: String) throws -> Result
  ) throws -> Result {
    let file = try AtomicFile(path)
    let result = try body(file.temporaryPath)
    try file.commit()
    return result
  }

  /// Writes a text.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``; then nothing is left behind.
  public static func write(_ text: String, to path: String) throws(FileError) {
    let file = try AtomicFile(path)
    try file.append(text.utf8)
    try file.commit()
  }
}
