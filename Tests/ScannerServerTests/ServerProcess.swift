import Foundation
import TestSupport
import Testing

/// `kspace serve` in the background.
final class ServerProcess {
  let port: Int
  private let process = Process()
  private let log: String

  /// Starts the server at a port that is free.
  init(in folder: TemporaryDirectory, _ arguments: [String]) throws {
    log = folder.path("server-\(UUID().uuidString).log")
    _ = FileManager.default.createFile(atPath: log, contents: nil)
    process.executableURL = URL(filePath: Command.path)
    process.arguments = ["serve", "--port", "0"] + arguments
    process.currentDirectoryURL = folder.url
    process.standardError = FileHandle(forWritingAtPath: log)
    try process.run()
    var found: Int?
    while found == nil, process.isRunning {
      let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
      found = text.firstMatch(of: /port (\d+)\n/).flatMap { Int($0.output.1) }
      if found == nil { usleep(5000) }
    }
    port = try #require(found, "\((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")")
  }

  deinit { if process.isRunning { process.terminate() } }

  /// What it has said so far.
  var text: String { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }

  /// Waits for its end.
  func wait() -> Int32 {
    process.waitUntilExit()
    return process.terminationStatus
  }

  /// Asks it to end, and waits.
  func stop() -> Int32 {
    process.terminate()
    return wait()
  }

  /// The number of its open files (`fd`) or threads (`task`).
  func count(_ kind: String) -> Int {
    let path = "/proc/\(process.processIdentifier)/\(kind)"
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).count
  }
}
