import Foundation

/// Makes files that are gone when the process is.
struct TemporaryFile {
  /// What is kept there, as the user named it.
  let name: String
  /// A path that a file may be given in the folder for temporary files.
  let path: String
  private let folder = FileManager.default.temporaryDirectory.path

  init(for name: String) {
    self.name = name
    path = "\(folder)/kspace-\(UUID().uuidString)"
  }

  /// `O_TMPFILE` of Linux, which is a macro over macros.
  private static let flag: Int32 = 0o20_000_000 | O_DIRECTORY

  /// A file for reading and writing that has no name.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  func unnamed() throws(RawDataError) -> Int32 {
    let descriptor = try create()
    unlink(path)
    return descriptor
  }

  /// A file for reading and writing; it has its ``path`` only where the file system knows no files without a name.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  func create() throws(RawDataError) -> Int32 {
    var descriptor = open(folder, O_RDWR | Self.flag | O_CLOEXEC, 0o600)
    if descriptor < 0 { descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
    guard descriptor >= 0 else { throw full(errno) }
    return descriptor
  }

  /// The error of a folder for temporary files that takes nothing.
  func full(_ code: Int32) -> RawDataError {
    RawDataError(
      .unreadable, in: name,
      "what comes through the pipe cannot be kept in \(folder) (\(String(cString: strerror(code))))",
      remedy: "Make room there, or set TMPDIR to a folder with enough room")
  }
}
