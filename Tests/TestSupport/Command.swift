import Foundation

/// The `kspace` executable of the build under test.
public enum Command {
  /// Where the executable is: beside the test runner.
  public static let path: String = {
    let runner = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(filePath: runner).deletingLastPathComponent().appending(path: "kspace").path
  }()

  /// Runs the command to its end.
  ///
  /// - Parameters:
  ///   - arguments: What follows `kspace` on the command line.
  ///   - input: What the command reads from its standard input.
  ///   - directory: The working directory.
  public static func run(
    _ arguments: [String], input: Data? = nil, in directory: TemporaryDirectory? = nil
  ) throws -> ExternalProcess.Result {
    try ExternalProcess.result(path, arguments, input: input, directory: directory)
  }
}
