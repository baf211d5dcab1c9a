import Foundation

/// A program of its own that may be installed.
public struct ExternalProgram: Sendable {
  /// Why it did not do what it was asked.
  public struct Failure: Error, CustomStringConvertible {
    /// In words, without a full stop.
    public let description: String
  }

  /// Where it is.
  public let path: String

  /// Finds a program among the folders of `PATH`; `nil` if it is not installed.
  public init?(named name: String) {
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    guard
      let path = folders.map({ "\($0)/\(name)" }).first(where: FileManager.default.isExecutableFile(atPath:))
    else { return nil }
    self.path = path
  }

  /// Runs it to its end, and returns what it printed.
  ///
  /// - Throws: ``Failure`` with its last line that speaks of an error, or its status.
  public func run(_ arguments: [String]) throws(Failure) -> String {
    let process = Process(), output = Pipe()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    do { try process.run() } catch { throw Failure(description: "\(path) cannot be started") }
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: data, as: UTF8.self)
    guard process.terminationStatus == 0 else {
      let lines = text.split(whereSeparator: \.isNewline).filter { $0.contains("rror") }
      throw Failure(
        description: lines.last.map { $0.trimmingCharacters(in: .whitespaces) }
          ?? "status \(process.terminationStatus)")
    }
    return text
  }
}
