import Files
import Foundation
import TestSupport
import Testing

/// What fuzzing found once, and a little of what it looks at, in less than a minute.
///
/// A trap ends the process of the tests; that is the failure.
@Suite(.serialized) struct ReplayTests {
  private static let scripts = SharedData.packageRoot.appending(path: "Tests/Fuzzing")

  @Test("Inputs that were findings are taken in or refused")
  func corpus() throws {
    let folder = Self.scripts.appending(path: "Corpus"), files = FileManager.default
    var count = 0
    for name in try files.contentsOfDirectory(atPath: folder.path).sorted() {
      let parser = folder.appending(path: name)
      for input in try files.contentsOfDirectory(atPath: parser.path).sorted() {
        let path = parser.appending(path: input).path
        let data = try Data(contentsOf: URL(filePath: path))
        if name == "options" {
          _ = try? SettingsFile(at: path)
        } else {
          let parser = try #require(Parser(rawValue: name), "\(name) is no parser")
          data.withUnsafeBytes(parser.take)
        }
        count += 1
      }
    }
    #expect(count > 0)
  }

  @Test(
    "Two hundred mutated inputs of all kinds meet whole commands",
    .enabled(if: Python.isAvailable, "\(Python.absence)"))
  func blackBox() throws {
    let text = try run("blackbox.py", "--cases", "200", "--first", "200000")
    #expect(text.contains("200 cases, 0 findings"), "\(text)")
  }

  @Test(
    "Commands that are killed leave their outputs absent or whole",
    .enabled(if: Python.isAvailable, "\(Python.absence)"))
  func kills() throws {
    let text = try run("kills.py", "--kills", "36", "--seed", "7")
    #expect(text.contains(", 0 findings"), "\(text)")
  }

  /// Runs a driver; what it says.
  private func run(_ script: String, _ options: String...) throws -> String {
    let code = "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    let words = [Self.scripts.appending(path: script).path, "--kspace", Command.path] + options
    do {
      return try Python.run("\(code)", arguments: words)
    } catch let failure as ProcessFailure {
      Issue.record("\(failure)")
      return failure.description
    }
  }
}
