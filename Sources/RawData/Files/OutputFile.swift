import Foundation

/// A file that appears under its name only when it is whole.
///
/// It is written beside its name; ``commit()`` gives it the name, and without that it vanishes.
final class OutputFile {
  /// The path, as the user named it.
  let path: String
  /// Where to write.
  let partialPath: String
  private var isFinished = false

  /// Chooses a place beside the path and makes sure that one may write there.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  init(at path: String) throws(RawDataError) {
    self.path = path
    let url = URL(filePath: path)
    partialPath =
      url.deletingLastPathComponent()
      .appending(path: ".\(url.lastPathComponent).\(UUID().uuidString.prefix(8)).partial").path
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      isFinished = true
      throw RawDataError(
        .unreadable, in: path, "this is a folder; a file cannot take its name", remedy: "Name a file in it")
    }
    let descriptor = open(partialPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      isFinished = true
      throw failure(errno)
    }
    Foundation.close(descriptor)
  }

  deinit { if !isFinished { unlink(partialPath) } }

  /// Gives the finished file its name, in place of one that has it.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  func commit() throws(RawDataError) {
    guard rename(partialPath, path) == 0 else { throw failure(errno) }
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
