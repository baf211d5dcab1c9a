import Foundation
import KSpaceToolkit
import TestSupport

/// A scan of the numerical head, small enough to make for every test.
struct SmallScan {
  let folder: TemporaryDirectory

  /// Simulates `head.h5` (or a stream, `head.mrd`) with the truth beside it.
  init(_ name: String = "head.h5", _ options: String...) throws {
    folder = try TemporaryDirectory()
    var arguments: [String] = options.contains("--channels") ? [] : ["--channels", "4"]
    if !options.contains("--matrix") { arguments += ["--matrix", "48x58x18", "--voxel-size", "4x4x8mm"] }
    if !options.contains("--echo-times") { arguments += ["--echoes", "3"] }
    let result = try Command.run(["phantom", "-o", name] + arguments + options, in: folder)
    guard result.status == 0 else { throw ProcessFailure(description: result.errors, status: result.status) }
  }

  /// Runs `kspace` in the folder.
  func run(_ arguments: String..., input: Data? = nil) throws -> ExternalProcess.Result {
    try Command.run(arguments, input: input, in: folder)
  }

  /// Runs `kspace` in the folder.
  func run(_ arguments: [String]) throws -> ExternalProcess.Result { try Command.run(arguments, in: folder) }

  /// The files and folders beside the scan.
  var names: Set<String> {
    get throws { Set(try FileManager.default.contentsOfDirectory(atPath: folder.url.path)) }
  }

  /// All files below a folder by their paths, with their bytes.
  func files(in name: String) throws -> [String: Data] { try Self.content(of: folder, name) }

  /// All files below a folder of a folder by their paths, with their bytes; without what a study keeps of the work itself.
  static func content(of folder: TemporaryDirectory, _ name: String) throws -> [String: Data] {
    let root = folder.url.appending(path: name)
    var files: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: root.path)
    where !path.contains(WorkFolder.name + "/") {
      let url = root.appending(path: path)
      if !url.hasDirectoryPath, let data = try? Data(contentsOf: url) { files[path] = data }
    }
    return files
  }
}
