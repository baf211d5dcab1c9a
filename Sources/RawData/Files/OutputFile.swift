import Foundation

/// A file that appears under its name only when it is whole.
///
/// It is written beside its name; ``commit()`` gives it the name, and without that it vanishes.
final class OutputFile {
  /// The path, as the user named it.
  let path: String
  /// Where to write.
  let partialPath: String
  /// The file that is replaced: what a link at ``path`` refers to, or the path itself.
  private let target: String
  private var isFinished = false

  /// Chooses a place beside the path and makes sure that one may write there.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  init(at path: String) throws(RawDataError) {
    self.path = path
    // A link to a file stays a link, and its file is replaced.
    let url = URL(filePath: path).resolvingSymlinksInPath()
    target = url.path
    partialPath =
      url.deletingLastPathComponent()
      .appending(path: ".\(url.lastPathComponent).\(UUID().uuidString.prefix(8)).partial").path
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
    let descriptor = open(partialPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      isFinished = true
      throw failure(errno)
    }
    Foundation.close(descriptor)
  }

  private static func kind(_ mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFCHR, S_IFBLK: "a device node"
    case S_IFIFO: "a named pipe"
    case S_IFSOCK: "a socket"
    case S_IFLNK: "a link that leads nowhere"
    default: "something special"
    }
  }

  deinit { if !isFinished { unlink(partialPath) } }

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
