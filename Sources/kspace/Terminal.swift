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

  /// Does something whose results are not the user's: what it writes to standard output goes nowhere.
  static func withoutDelivery<Result>(_ body: () throws -> Result) rethrows -> Result {
    fflush(nil)
    let kept = dup(STDOUT_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
    dup2(nowhere, STDOUT_FILENO)
    defer {
      fflush(nil)
      dup2(kept, STDOUT_FILENO)
      close(kept)
      close(nowhere)
    }
    return try body()
  }

  /// Writes a line to standard error, with the command's names for settings.
  static func report(_ message: String) {
    FileHandle.standardError.write(Data((OptionNames.translated(message) + "\n").utf8))
  }

  /// Writes what a reconstruction measured of itself to standard error; of many slices, the first and all warnings.
  static func report(_ diagnostics: [Diagnostic]) {
    for diagnostic in diagnostics where diagnostic.slice ?? 1 == 1 || diagnostic.isWarning {
      report("kspace: \(diagnostic.isWarning ? "warning: " : "")\(diagnostic)")
    }
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
