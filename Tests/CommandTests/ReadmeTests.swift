import Foundation
import TestSupport
import Testing

/// The README's commands, run as shown and in its order, in one empty folder.
///
/// Every line of a `sh` block that begins with `kspace` is run. A `text` block that follows shows what the last
/// of them prints. The `make` targets are run by `.ci/run`.
struct ReadmeTests {
  private enum Step {
    case command([String])
    case output(String)
  }

  @Test("The README's commands do what it shows")
  func commands() throws {
    let readme = try String(
      contentsOf: SharedData.packageRoot.appending(path: "README.md"), encoding: .utf8)
    let folder = try TemporaryDirectory()
    for name in ["Protocols", "SamplingMasks"] {
      try FileManager.default.createSymbolicLink(
        at: folder.url.appending(path: name),
        withDestinationURL: SharedData.packageRoot.appending(path: name))
    }
    var last = ""
    var commands = 0
    for step in steps(of: readme) {
      switch step {
      case .command(let words) where words[1] == "serve":
        commands += 1
        try serve(Array(words.dropFirst()), in: folder)
      case .command(let words):
        let result = try Command.run(Array(words.dropFirst()), in: folder)
        #expect(result.status == 0, "\(words.joined(separator: " ")): \(result.errors)")
        last = result.output
        commands += 1
      case .output(let shown):
        #expect(last.trimmed == shown.trimmed)
      }
    }
    #expect(commands >= 3)
  }

  /// Starts a server as shown, but at a port that is free, and ends it when it listens.
  private func serve(_ arguments: [String], in folder: TemporaryDirectory) throws {
    let process = Process(), errors = Pipe()
    process.executableURL = URL(filePath: Command.path)
    process.arguments = arguments + ["--port", "0"]
    process.currentDirectoryURL = folder.url
    process.standardError = errors
    try process.run()
    var text = ""
    while !text.contains("listening at"), case let data = errors.fileHandleForReading.availableData,
      !data.isEmpty
    {
      text += String(decoding: data, as: UTF8.self)
    }
    #expect(text.contains("listening at"), "\(arguments.joined(separator: " ")): \(text)")
    process.terminate()
    process.waitUntilExit()
    #expect(process.terminationStatus == 128 + SIGTERM)
  }

  private func steps(of readme: String) -> [Step] {
    var steps: [Step] = []
    var language: String?
    var block: [String] = []
    for line in readme.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      guard line.hasPrefix("```") else {
        block.append(line)
        continue
      }
      if language == "sh" {
        steps += block.filter { $0.hasPrefix("kspace ") }.map {
          .command($0.split(separator: " ").map(String.init))
        }
      } else if language == "text" {
        steps.append(.output(block.joined(separator: "\n")))
      }
      language = language == nil ? String(line.dropFirst(3)) : nil
      block = []
    }
    return steps
  }
}

extension String {
  /// The lines without trailing blanks, and without blank lines at both ends.
  fileprivate var trimmed: String {
    split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.replacing(/\s+$/, with: "") }
      .joined(separator: "\n")
      .trimmingCharacters(in: .newlines)
  }
}
