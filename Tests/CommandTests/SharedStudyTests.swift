import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// Several processes on one study's folder.
struct SharedStudyTests {
  private static let study = [
    "--cohort", "cohort", "--label-names", "names.tsv", "--methods", "zero-filled", "--accelerations", "2",
    "--calibration", "8x8", "--threads", "1",
  ]

  private let folder: TemporaryDirectory

  init() throws {
    folder = try TemporaryDirectory()
    let made = try Command.run(
      [
        "phantom", "--cohort", "4", "--matrix", "16x20x14", "--voxel-size", "10x10x8mm", "--channels", "2",
        "--echo-times", "4ms,8ms", "-o", "cohort",
      ], in: folder)
    guard made.status == 0 else { throw ProcessFailure(description: made.errors, status: made.status) }
    try Data("index\tname\n12\tPu\n7\tthalamus\n".utf8).write(to: folder.url.appending(path: "names.tsv"))
  }

  private func run(_ output: String, _ more: String...) throws -> ExternalProcess.Result {
    try Command.run(["study"] + Self.study + ["-o", output] + more, in: folder)
  }

  private func start(_ output: String, _ part: String) throws -> Process {
    let process = Process()
    process.executableURL = URL(filePath: Command.path)
    process.arguments = ["study"] + Self.study + ["-o", output, "--shard", part]
    process.currentDirectoryURL = folder.url
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  /// What a work in progress leaves, which must not outlive it.
  private func leftovers(_ output: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path(output)).filter {
      $0.contains(".partial-") || $0.contains("claims/")
    }
  }

  @Test("Processes that are killed in the middle cost nothing: the merged study is that of a single one")
  func kills() throws {
    #expect(try run("alone").status == 0)
    let expected = try SmallScan.content(of: folder, "alone")
    var random = SeededGenerator(seed: 19)
    for parts in [["1/3", "2/3", "3/3"], ["1/2", "2/2", "2/2"], ["1/9", "2/9", "5/9", "9/9"]] {
      let processes = try parts.map { try start("shared", $0) }
      Thread.sleep(forTimeInterval: random.uniform(in: 0.1..<1))
      kill(processes[1].processIdentifier, SIGKILL)
      kill(processes[0].processIdentifier, SIGTERM)
      for (index, process) in processes.enumerated() {
        process.waitUntilExit()
        // Before the command notes signals, SIGTERM ends it as any program.
        let isKilled = process.terminationReason == .uncaughtSignal
        #expect(index < 2 || !isKilled && [0, 75].contains(process.terminationStatus))
        #expect(isKilled || [0, 75].contains(process.terminationStatus))
      }
      let status = try Command.run(["study", "--status", "shared", "--json"], in: folder)
      #expect(status.status == 0 && status.output.contains("\"units\" : 8"), "\(status.errors)")
      #expect(try run("shared").status == 0)
      #expect(try SmallScan.content(of: folder, "shared") == expected)
      #expect(try leftovers("shared").isEmpty)
      try FileManager.default.removeItem(atPath: folder.path("shared"))
    }
  }

  @Test("A plan, parts, a merge of what is there, and other choices that are refused")
  func parts() throws {
    let plan = try run("shared", "--plan", "--json")
    #expect(plan.status == 0, "\(plan.errors)")
    #expect(plan.output.components(separatedBy: "\"state\" : \"missing\"").count == 1 + 8)
    #expect(!FileManager.default.fileExists(atPath: folder.path("shared")))
    #expect(try run("shared", "--merge").status == 3)
    for part in ["3/4", "1/4", "2/4"] { #expect(try run("shared", "--shard", part).status == 0) }
    let merged = try run("shared", "--merge")
    #expect(merged.status == 4 && merged.output.contains("sub-04 is not made yet"), "\(merged.output)")
    #expect(try run("shared", "--plan").output.contains("6 done, 2 missing"))
    // The part that is missing is refused with other choices, too: it would not belong to the rest.
    let other = try run("shared", "--shard", "4/4", "--seed", "2")
    #expect(other.status == 3 && other.errors.contains("the seed 1"), "\(other.errors)")
    #expect(try run("shared", "--shard", "1/4", "--seed", "3").status == 3)
    #expect(try run("shared", "--plan", "--seed", "3").status == 3)
    #expect(try run("shared", "--shard", "auto").status == 3)
    for wrong in [["--shard", "5/4"], ["--shard", "1/2", "--merge"], ["--json"]] {
      #expect(try Command.run(["study"] + Self.study + ["-o", "shared"] + wrong, in: folder).status == 2)
    }
    #expect(try Command.run(["study", "--status", "cohort"], in: folder).status == 3)
  }

  @Test("Workflows hold what their engines need; make runs one")
  func workflows() throws {
    for engine in ["slurm", "snakemake", "make"] {
      let made = try Command.run(
        ["workflow", engine, "-o", engine, "--parts", "2", "--"] + Self.study + ["-o", "by-\(engine)"],
        in: folder)
      #expect(made.status == 0, "\(made.errors)")
      #expect(made.output.contains("8 units (8 missing) in 2 parts"), "\(made.output)")
    }
    let parts = try String(contentsOfFile: folder.path("slurm/parts.sbatch"), encoding: .utf8)
    #expect(parts.contains("#SBATCH --array=1-2\n") && parts.contains("#SBATCH --requeue"))
    #expect(try String(contentsOfFile: folder.path("slurm/submit.sh"), encoding: .utf8).contains("afterany:"))
    #expect(
      try String(contentsOfFile: folder.path("snakemake/slurm/config.yaml"), encoding: .utf8).contains(
        "executor: slurm"))
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["make", "-s", "-f", folder.path("make/Makefile"), "-k", "-j", "2"]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(FileManager.default.fileExists(atPath: folder.path("by-make/report.html")))
    let wrong = try Command.run(
      ["workflow", "slurm", "-o", "x", "--"] + Self.study + ["-o", "y", "--merge"], in: folder)
    #expect(wrong.status == 2)
  }
}
