import Foundation

/// What the command says besides its results.
enum Terminal {
  /// Writes a line to standard error.
  static func report(_ message: String) {
    FileHandle.standardError.write(Data((message + "\n").utf8))
  }

  /// Whether a person watches standard error.
  static let isInteractive = isatty(FileHandle.standardError.fileDescriptor) == 1
}
