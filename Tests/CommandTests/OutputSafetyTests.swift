import Foundation
import TestSupport
import Testing

/// What the command must never do to files that are not its own results.
struct OutputSafetyTests {
  @Test("An output never takes its own input, nor what is not a result, with it, even with --force")
  func precious() throws {
    let scan = try SmallScan()
    let files = FileManager.default
    let study = scan.folder.path("study")
    try files.createDirectory(atPath: study, withIntermediateDirectories: false)
    try files.copyItem(atPath: scan.folder.path("head.h5"), toPath: study + "/head.h5")
    try Data("keep me".utf8).write(to: URL(filePath: scan.folder.path("notes.txt")))
    for output in ["study", "head.h5", "notes.txt", "head_truth"] {
      let before = try scan.files(in: ".")
      let result = try scan.run("reconstruct", "study/head.h5", "-o", output, "--force")
      #expect(result.status == 3, "\(output)")
      #expect(
        result.errors.contains("choose another --output") || result.errors.contains("Choose another --output")
      )
      #expect(try scan.files(in: ".") == before, "\(output)")
    }
    let copy = try scan.run("undersample", "head.h5", "--acceleration", "2", "-o", "head.h5", "--force")
    #expect(copy.status == 3 && copy.errors.contains("its own input"), "\(copy.errors)")
  }

  @Test("A result to which the user has added something is not replaced")
  func addition() throws {
    let scan = try SmallScan()
    #expect(try scan.run("reconstruct", "head.h5", "-o", "out").status == 0)
    try Data("mine".utf8).write(to: URL(filePath: scan.folder.path("out/notes.txt")))
    let refused = try scan.run("reconstruct", "head.h5", "-o", "out", "--force")
    #expect(refused.status == 3 && refused.errors.contains("notes.txt"))
    try FileManager.default.removeItem(atPath: scan.folder.path("out/notes.txt"))
    #expect(try scan.run("reconstruct", "head.h5", "-o", "out", "--force").status == 0)
  }

  @Test("A trailing slash names the same folder, also where it exists")
  func trailingSlash() throws {
    let scan = try SmallScan()
    #expect(try scan.run("reconstruct", "head.h5", "-o", "out/").status == 0)
    #expect(try scan.run("reconstruct", "head.h5", "-o", "out/", "--force").status == 0)
    #expect(try scan.names == ["head.h5", "head_truth", "out"])
    #expect(try scan.files(in: "out").keys.contains("provenance.json"))
  }

  @Test("An output without a name of its own is wrong usage", arguments: ["", ".", "/", "..", "./"])
  func nameless(output: String) throws {
    let scan = try SmallScan()
    let result = try scan.run("reconstruct", "head.h5", "-o", output)
    #expect(result.status == 2)
    #expect(result.errors.contains("a name of its own"))
  }

  @Test("An output in a folder that is not there is refused before any work", arguments: ["info-less/out"])
  func missingFolder(output: String) throws {
    let scan = try SmallScan()
    for option in [[], ["--dry-run"]] {
      let result = try Command.run(["reconstruct", "head.h5", "-o", output] + option, in: scan.folder)
      #expect(result.status == 3 && result.errors.contains("Create the folder first"))
    }
    #expect(try scan.names == ["head.h5", "head_truth"])
  }

  @Test("A grid that no memory holds is refused before it is read")
  func hugeGrid() throws {
    let scan = try SmallScan()
    let result = try scan.run("reconstruct", "head.h5", "-o", "out", "--matrix", "30000x30000")
    #expect(result.status == 3, "\(result.errors)")
    #expect(try scan.names == ["head.h5", "head_truth"])
  }

  @Test(
    "A fault of the program says what was being done to which file, and leaves nothing half-written",
    arguments: [SIGILL, SIGSEGV, SIGABRT])
  func lastWord(signal: Int32) throws {
    let scan = try SmallScan("head.h5", "--matrix", "96x116x36", "--voxel-size", "2x2x4mm")
    let errors = scan.folder.path("errors")
    for _ in 0..<10 {
      let process = Process()
      process.executableURL = URL(filePath: Command.path)
      process.arguments = ["reconstruct", "head.h5", "-o", "out", "--channels", "--progress", "none"]
      process.currentDirectoryURL = scan.folder.url
      process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) {
        $1
      }
      _ = FileManager.default.createFile(atPath: errors, contents: nil)
      process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      // Wait until something lies in its hidden folder.
      func isAtWork() throws -> Bool {
        try scan.names.contains { name in
          name.hasPrefix(".partial-")
            && (try? FileManager.default.contentsOfDirectory(atPath: scan.folder.path(name)))?.isEmpty
              == false
        }
      }
      while process.isRunning, try !isAtWork() { usleep(1000) }
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      let text = try String(contentsOfFile: errors, encoding: .utf8)
      if process.terminationReason == .uncaughtSignal {
        #expect(process.terminationStatus == signal)
        #expect(
          text.contains("a fault of the program") && text.contains("reconstruct head.h5 -o out"), "\(text)")
        #expect(text.contains("the last that it began was"), "\(text)")
        #expect(try scan.names == ["errors", "head.h5", "head_truth"])
        return
      }
      try FileManager.default.removeItem(atPath: scan.folder.path("out"))
    }
    Issue.record("ten runs ended before the signal reached them")
  }

  @Test("A refusal for what a file holds names the file")
  func place() throws {
    let scan = try SmallScan()
    let tooFew = try scan.run(
      "undersample", "head.h5", "--acceleration", "4", "--calibration", "2x2", "-o", "few.mrd")
    #expect(tooFew.status == 0, "\(tooFew.errors)")
    let refused = try scan.run("reconstruct", "few.mrd", "-o", "out", "--method", "grappa")
    #expect(refused.status == 3 && refused.errors.contains("kspace: few.mrd: "), "\(refused.errors)")
    // What names its place already is left as it is.
    try Data().write(to: URL(filePath: scan.folder.path("out")))
    let taken = try scan.run("reconstruct", "few.mrd", "-o", "out", "--method", "zero-filled")
    #expect(taken.status == 3 && taken.errors.contains("kspace: out: "), "\(taken.errors)")
  }

  @Test("An interrupted run leaves nothing behind", arguments: [SIGTERM, SIGINT])
  func interruption(signal: Int32) throws {
    let scan = try SmallScan("head.h5", "--matrix", "96x116x36", "--voxel-size", "2x2x4mm")
    // On a busy machine the run may be over before the signal reaches it; then its result is whole.
    for _ in 0..<10 {
      let process = Process()
      process.executableURL = URL(filePath: Command.path)
      process.arguments = ["reconstruct", "head.h5", "-o", "out", "--channels", "--progress", "none"]
      process.currentDirectoryURL = scan.folder.url
      process.standardError = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      // Wait until it is writing: its hidden folder is there.
      while process.isRunning, try !scan.names.contains(where: { $0.hasPrefix(".partial-") }) { usleep(1000) }
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      if process.terminationStatus == 128 + signal {
        #expect(try scan.names == ["head.h5", "head_truth"])
        return
      }
      #expect(process.terminationStatus == 0)
      #expect(try scan.names == ["head.h5", "head_truth", "out"])
      try FileManager.default.removeItem(atPath: scan.folder.path("out"))
    }
    Issue.record("ten runs ended before the signal reached them")
  }
}
