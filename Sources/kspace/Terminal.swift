import Foundation

/// A number of things, in words: "1 echo", "8 echoes".
func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : noun.hasSuffix("o") ? "es" : "s")"
}

/// What the command says besides its results.
enum Terminal {
  /// Writes a line to standard error.
  static func report(_ message: String) {
    FileHandle.standardError.write(Data((message + "\n").utf8))
  }

  /// Whether a person watches standard error.
  static let isInteractive = isatty(FileHandle.standardError.fileDescriptor) == 1
}
