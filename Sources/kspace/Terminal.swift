import Foundation
import KSpaceToolkit

/// What the command says.
enum Terminal {
  /// Writes a result to the standard output and makes sure that it arrives; `print` does not.
  static func deliver(_ text: String) throws {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      let reason = error.localizedDescription.trimmingCharacters(in: .punctuationCharacters)
      throw RawDataError(
        .unreadable, in: "standard output", "it cannot be written (\(reason))",
        remedy: "Make room where it goes, or check the program that reads it")
    }
  }

  /// Writes a line to standard error, with the command's names for settings.
  static func report(_ message: String) {
    FileHandle.standardError.write(Data((OptionNames.translated(message) + "\n").utf8))
  }

  /// Writes the warnings among what a header and its data say to standard error.
  static func report(_ findings: [Finding]) {
    for finding in findings where finding.severity == .warning { report("kspace: warning: \(finding)") }
  }

  /// Whether a person watches standard error.
  static let isInteractive = isatty(FileHandle.standardError.fileDescriptor) == 1
}

extension Encodable {
  /// The value as JSON for people and programs: indented, keys in order.
  func json() throws -> String { try JSONFile.text(of: self) }
}
