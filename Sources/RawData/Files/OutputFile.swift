import Files
import Foundation

/// A raw-data file that appears under its name only when it is whole, written by whatever opens its partial path.
final class OutputFile {
  /// The path, as the user named it.
  let path: String
  /// Where to write.
  let partialPath: String
  private var file: AtomicFile?

  /// Starts an empty file beside the path.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  init(at path: String) throws(RawDataError) {
    self.path = path
    do throws(FileError) {
      let file = try AtomicFile(path)
      partialPath = file.temporaryPath
      self.file = consume file
    } catch {
      throw Self.failure(error, path)
    }
  }

  /// Gives the finished file its name, in place of one that has it.
  ///
  /// - Throws: ``RawDataError`` of kind `unreadable`.
  func commit() throws(RawDataError) {
    do throws(FileError) { try file.take()?.commit() } catch { throw Self.failure(error, path) }
  }

  /// The error for a failed system call.
  func failure(_ code: Int32) -> RawDataError {
    Self.failure(.cannotWrite(path: path, reason: String(cString: strerror(code))), path)
  }

  private static func failure(_ error: FileError, _ path: String) -> RawDataError {
    guard case .cannotWrite(_, let reason) = error else { preconditionFailure("a writer throws \(error)") }
    return RawDataError(
      .unreadable, in: path, "the file cannot be written (\(reason))",
      remedy: "Create the folder if it is not there, or check its permissions and the free space")
  }
}
