import Foundation

/// A file that appears under its name only when it is whole.
///
/// It is written beside its name; ``commit()`` gives it the name, and without that it vanishes. What a process left that was
/// killed is removed by the next one that writes to the same name: a lock tells who still lives.
final class OutputFile {
  /// The path, as the user named it.
  let path: String
  /// Where to write.
  let partialPath: String
  /// The file that is replaced: what a link at ``path`` refers to, or the path itself.
  private let target: String
  private var isFinished = false
  /// The partial file, locked as long as this process lives.
  private var descriptor: Int32 = -1

  /// Chooses a place beside the path and makes sure that one may write there.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  init(at path: String) throws(RawDataError) {
    self.path = path
    // A link to a file stays a link, and its file is replaced.
    let url = URL(filePath: path).resolvingSymlinksInPath()
    target = url.path
    let folder = url.deletingLastPathComponent(), name = url.lastPathComponent
    partialPath =
      folder.appending(path: ".\(name).\(UUID().uuidString.prefix(8))\(Self.suffix)").path
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      isFinished = true
      throw RawDataError(
        .unreadable, in: path, "this is a folder; a file cannot take its name", remedy: "Name a file in it")
    }
    var entry = stat()
    if lstat(target, &entry) == 0, entry.st_mode & S_IFMT != S_IFREG {
      isFinished = true
      throw RawDataError(
        .unreadable, in: path,
        "this is no regular file but \(Self.kind(entry.st_mode)), which an output must not replace",
        remedy: "Choose another name for the output")
    }
    Self.removeLeftovers(of: name, in: folder)
    descriptor = open(partialPath, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      isFinished = true
      throw failure(errno)
    }
    _ = Self.locks(descriptor)
  }

  private static let suffix = ".partial"
  /// The age from which a partial file that nobody locks is nobody's [s]: it is locked right after it was made.
  private static let smallestAge = 5

  /// Removes what processes left that wrote to the same name and were killed.
  private static func removeLeftovers(of name: String, in folder: URL) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for left in names where left.hasPrefix(".\(name).") && left.hasSuffix(suffix) {
      // The eight digits that make it unique, and nothing else.
      let mark = left.dropFirst(name.count + 2).dropLast(suffix.count)
      let path = folder.appending(path: left).path
      var status = stat()
      guard mark.count == 8, mark.allSatisfy(\.isHexDigit), lstat(path, &status) == 0,
        status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
        time(nil) - status.st_mtim.tv_sec >= smallestAge
      else { continue }
      let descriptor = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      if locks(descriptor) { unlink(path) }
      Foundation.close(descriptor)
    }
  }

  /// Locks a file; `false` if another process, or this one by another opening, has locked it.
  private static func locks(_ descriptor: Int32) -> Bool {
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    return fcntl(descriptor, openFileLock, &lock) == 0
  }

  /// `F_OFD_SETLK` of Linux: a lock of the opening, which other openings of this process do not take or end.
  private static let openFileLock: Int32 = 37

  private static func kind(_ mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFCHR, S_IFBLK: "a device node"
    case S_IFIFO: "a named pipe"
    case S_IFSOCK: "a socket"
    case S_IFLNK: "a link that leads nowhere"
    default: "something special"
    }
  }

  deinit {
    if !isFinished { unlink(partialPath) }
    if descriptor >= 0 { Foundation.close(descriptor) }
  }

  /// Gives the finished file its name, in place of one that has it.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  func commit() throws(RawDataError) {
    guard rename(partialPath, target) == 0 else { throw failure(errno) }
    isFinished = true
  }

  /// The error for a failed system call.
  func failure(_ code: Int32) -> RawDataError {
    let remedy =
      switch code {
      case ENOENT, ENOTDIR: "Create the folder first"
      case EACCES, EPERM, EROFS: "Choose a folder that you may write to"
      case ENOSPC, EDQUOT: "Make room on the disk"
      default: "Check the disk or the network behind it"
      }
    return RawDataError(
      .unreadable, in: path, "the file cannot be written (\(String(cString: strerror(code))))", remedy: remedy
    )
  }
}
