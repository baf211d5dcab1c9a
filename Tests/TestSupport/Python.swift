import Foundation

/// The independent implementations that results are checked against: NumPy, h5py, nibabel, ismrmrd.
///
/// Tests that need them carry `.enabled(if: Python.isAvailable, Python.absence)`.
public enum Python {
  private static let interpreter: String = {
    if let path = ProcessInfo.processInfo.environment["KSPACE_PYTHON"] { return path }
    return SharedData.packageRoot.appending(path: ".venv/bin/python").path
  }()

  /// Whether the interpreter with its packages is there.
  public static let isAvailable = FileManager.default.isExecutableFile(atPath: interpreter)

  /// Whether a package is installed there.
  public static func has(_ module: String) -> Bool {
    isAvailable
      && (try? run("import importlib.util, sys; assert importlib.util.find_spec(sys.argv[1])", module)) != nil
  }

  /// Why a test is skipped.
  public static let absence = "the reference Python environment is absent; `make test` sets it up"

  /// Runs a script given as text and returns what it printed.
  ///
  /// - Throws: ``ProcessFailure`` with the script's error output if it fails.
  public static func run(_ script: String, _ arguments: String...) throws -> String {
    try run(script, arguments: arguments)
  }

  /// Runs a script given as text and returns what it printed.
  ///
  /// - Throws: ``ProcessFailure`` with the script's error output if it fails.
  public static func run(_ script: String, arguments: [String]) throws -> String {
    try ExternalProcess.run(interpreter, ["-c", script] + arguments)
  }
}

/// A process that ended with an error.
public struct ProcessFailure: Error, CustomStringConvertible {
  /// The command and the tail of its error output.
  public let description: String
  /// The exit status.
  public let status: Int32

  /// Describes a failure.
  public init(description: String, status: Int32) {
    self.description = description
    self.status = status
  }
}

/// Runs other programs.
public enum ExternalProcess {
  /// What a program left behind.
  public struct Result: Sendable {
    /// The exit status.
    public let status: Int32
    /// The standard output.
    public let output: String
    /// The standard error.
    public let errors: String
  }

  /// Runs a program to its end, whatever its exit status.
  public static func result(
    _ program: String, _ arguments: [String], input: Data? = nil, directory: TemporaryDirectory? = nil
  ) throws -> Result {
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    if let directory { process.currentDirectoryURL = directory.url }
    // Files rather than pipes: a full pipe would stop a program whose other stream is being read.
    let streams = try TemporaryDirectory()
    func handle(_ name: String, _ content: Data = Data()) throws -> FileHandle {
      let path = streams.path(name)
      _ = FileManager.default.createFile(atPath: path, contents: content)
      guard let handle = FileHandle(forUpdatingAtPath: path) else { throw CocoaError(.fileNoSuchFile) }
      return handle
    }
    process.standardOutput = try handle("output")
    process.standardError = try handle("errors")
    process.standardInput = try handle("input", input ?? Data())
    try process.run()
    process.waitUntilExit()
    func text(_ name: String) throws -> String {
      String(decoding: try Data(contentsOf: URL(filePath: streams.path(name))), as: UTF8.self)
    }
    return Result(status: process.terminationStatus, output: try text("output"), errors: try text("errors"))
  }

  /// Runs a program and returns what it printed.
  ///
  /// - Throws: ``ProcessFailure`` if the exit status is not 0.
  public static func run(_ program: String, _ arguments: [String]) throws -> String {
    let result = try result(program, arguments)
    guard result.status == 0 else {
      throw ProcessFailure(
        description: "\(program) ended with status \(result.status): \(result.errors.suffix(2000))",
        status: result.status)
    }
    return result.output
  }
}

/// A folder that vanishes with the test.
public final class TemporaryDirectory: Sendable {
  /// Where the folder is.
  public let url: URL

  /// Creates an empty folder.
  public init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "kspace-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// The path of a file in the folder.
  public func path(_ name: String) -> String { url.appending(path: name).path }
}
