import Foundation

/// A file that appears under its name only when it is whole.
///
/// The content goes to a hidden file in the same folder; ``commit()`` renames it, which replaces an older file in
/// one step. A value that goes out of scope before, because an error was thrown, removes what it had written; what a process
/// that was killed has left is removed by the next one that writes there. A link to a file stays a link, and its file is
/// replaced; devices, pipes and folders never are.
///
///     try AtomicFile.write(to: "scan.h5") { temporaryPath in
///       try library.save(scan, temporaryPath)
///     }
public struct AtomicFile: ~Copyable {
  /// The name under which the file will appear.
  public let path: String
  /// The name under which it is written.
  public let temporaryPath: String
  /// The file that is replaced: what a link at ``path`` refers to, or the path itself.
  private let target: String
  private let descriptor: Int32

  /// Starts an empty file beside its final name.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)`` if the folder is absent or closed to the user, or if something
  ///   bears the name that is no file.
  public init(_ path: String) throws(FileError) {
    self.path = path
    let url = URL(filePath: path).resolvingSymlinksInPath(), folder = url.deletingLastPathComponent()
    target = url.path
    // The name stays at the end, for libraries that look at the extension.
    temporaryPath = folder.appending(path: WorkMark.name(for: url.lastPathComponent)).path
    if let obstacle = Self.obstacle(at: target) {
      descriptor = -1
      throw .cannotWrite(path: path, reason: obstacle)
    }
    LastWord.note(.writing, path)
    WorkMark.tidy(folder.path)
    descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
    WorkMark.hold(descriptor)
    LastWord.willRemove(temporaryPath)
  }

  deinit {
    if descriptor < 0 { return }
    // After a commit nothing bears this name any more.
    unlink(temporaryPath)
    close(descriptor)
    LastWord.willKeep(temporaryPath)
  }

  /// What bears a name and must not be replaced by a file; `nil` if nothing does.
  private static func obstacle(at target: String) -> String? {
    var entry = stat()
    guard lstat(target, &entry) == 0 else { return nil }
    switch entry.st_mode & S_IFMT {
    case S_IFREG: return nil
    case S_IFDIR: return "this is a folder; a file cannot take its name"
    case S_IFCHR, S_IFBLK: return "this is a device node, which a file would replace"
    case S_IFIFO: return "this is a named pipe, which a file would replace"
    case S_IFSOCK: return "this is a socket, which a file would replace"
    case S_IFLNK: return "this is a link that leads nowhere, which a file would replace"
    default: return "this is no file, and a file would replace it"
    }
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
  /// What was written reaches the disk before the name does, and then the name: after a loss of power, it stands for the
  /// old content or, once this has returned, for the new.
  ///
  /// - Parameter replacing: Whether it replaces what bears the name; else that stays, and this is dropped.
  /// - Throws: ``FileError/cannotWrite(path:reason:)`` if the disk is full or gone.
  public consuming func commit(replacing: Bool = true) throws(FileError) {
    // A folder that is not yet in place is synchronized as a whole.
    let isInWork = path.contains("/" + WorkMark.prefix)
    guard isInWork || fsync(descriptor) == 0 || errno == EINVAL else {
      throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    // Where there are no hard links, the last of several replaces the others.
    if !replacing, link(temporaryPath, target) == 0 || errno == EEXIST { return }
    guard rename(temporaryPath, target) == 0 else {
      throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    if !isInWork { Disk.synchronize(URL(filePath: target).deletingLastPathComponent().path) }
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
