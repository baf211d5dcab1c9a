import Foundation
import TestSupport
import Testing

/// The commands of the README and of the documentation's pages, run as shown and in their order, in one folder.
///
/// Every line of a `sh` block that begins with `kspace` is run; one that was run already is not run again. A `text` block
/// that follows shows what the last of them prints. The `python` blocks of a page are one program, which is run after its
/// commands. The `make` targets are run by `.ci/run`.
struct ReadmeTests {
  private enum Step {
    case command([String])
    case output(String)
    case python(String)
  }

  /// The pages in the order in which they build on each other.
  private static let pages =
    ["README.md"]
    + [
      "Studies", "AcceleratedScans", "Groups", "Clusters", "ScanTime", "SingleSteps", "WhichMethod", "Python",
      "AtTheScanner",
    ].map {
      "Sources/KSpaceToolkit/KSpaceToolkit.docc/\($0).md"
    }

  @Test("The commands of README and pages do what is shown")
  func commands() throws {
    let folder = try TemporaryDirectory()
    for name in ["Protocols", "SamplingMasks"] {
      try FileManager.default.createSymbolicLink(
        at: folder.url.appending(path: name),
        withDestinationURL: SharedData.packageRoot.appending(path: name))
    }
    var outputs: [[String]: String] = [:]
    for page in Self.pages {
      let text = try String(contentsOf: SharedData.packageRoot.appending(path: page), encoding: .utf8)
      var last = "", program = ""
      for step in steps(of: text) {
        switch step {
        case .command(let words):
          if let known = outputs[words] {
            last = known
            continue
          }
          if words[1] == "serve" {
            try serve(Array(words.dropFirst()), in: folder)
            continue
          }
          let result = try Command.run(Array(words.dropFirst()), in: folder)
          #expect(result.status == 0, "\(page): \(words.joined(separator: " ")): \(result.errors)")
          last = result.output
          outputs[words] = last
        case .output(let shown):
          #expect(last.trimmed == shown.trimmed, "\(page)")
        case .python(let block): program += block + "\n"
        }
      }
      if !program.isEmpty, Python.has("pandas") {
        #expect(throws: Never.self, "\(page)") {
          let start =
            "import os, sys; os.chdir(sys.argv[1]); os.environ['PATH'] = sys.argv[2] + ':' + os.environ['PATH']\n"
          let binaries = URL(filePath: Command.path).deletingLastPathComponent().path
          _ = try Python.run(start + program, folder.url.path, binaries)
        }
      }
    }
    #expect(outputs.count >= 10)
  }

  @Test("The README is short, and what it and the pages link to is there")
  func links() throws {
    let root = SharedData.packageRoot, catalogue = "Sources/KSpaceToolkit/KSpaceToolkit.docc"
    let readme = try String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)
    #expect(readme.utf8.count <= 12_000, "\(readme.utf8.count) bytes")
    for link in readme.matches(of: /\]\(([^)#:]+)\)/) {
      let path = root.appending(path: String(link.1)).path
      #expect(FileManager.default.fileExists(atPath: path), "\(link.1)")
    }
    let folder = root.appending(path: catalogue)
    let pages = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.hasSuffix(".md")
    }
    for page in pages {
      let text = try String(contentsOf: folder.appending(path: page), encoding: .utf8)
      for link in text.matches(of: /<doc:([A-Za-z]+)>/) {
        #expect(pages.contains("\(link.1).md"), "\(page): \(link.1)")
      }
      for image in text.matches(of: /!\[[^\]]*\]\(([^)]+)\)/) {
        let path = folder.appending(path: "Resources/\(image.1)").path
        #expect(FileManager.default.fileExists(atPath: path), "\(page): \(image.1)")
      }
    }
  }

  @Test("Options that pages name are the command's")
  func options() throws {
    let root = SharedData.packageRoot
    var known = try Set(
      Command.run(["--experimental-dump-help"]).output.matches(of: /"name" : "([a-z0-9-]+)"/).map {
        String($0.1)
      })
    #expect(known.contains("accelerations"))
    // The parser's own, which help does not list.
    known.insert("generate-completion-script")
    for page in Self.pages {
      let text = try String(contentsOf: root.appending(path: page), encoding: .utf8)
      // Those of other programs stand in lines that begin with their names.
      for line in text.split(separator: "\n") where !line.contains("swift ") && !line.contains("apt") {
        for option in line.matches(of: /(?:^|[\s`(])--([a-z][a-z0-9-]+)/) {
          #expect(known.contains(String(option.1)), "\(page): --\(option.1)")
        }
      }
    }
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
      } else if language == "python" {
        steps.append(.python(block.joined(separator: "\n")))
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
