import Foundation

/// Files with a beginning and an end, which pipes, devices and folders do not have.
public enum RegularFile {
  /// The length of a file that is about to be opened [bytes].
  ///
  /// Whoever opens a pipe waits for somebody to write to it, perhaps for ever.
  ///
  /// - Throws: ``FileError/missing(path:)``, or ``FileError/unreadable(path:reason:)`` for what is no regular file.
  @discardableResult
  public static func length(_ path: String) throws(FileError) -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw errno == ENOENT || errno == ENOTDIR
        ? .missing(path: path) : .unreadable(path: path, reason: String(cString: strerror(errno)))
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return Int(status.st_size)
    case S_IFDIR: throw .unreadable(path: path, reason: "it is a folder")
    default: throw .unreadable(path: path, reason: "it is a pipe or a device")
    }
  }
}
