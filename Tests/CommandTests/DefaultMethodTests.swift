import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// `kspace reconstruct` without `--method`: what suits the scan, said aloud and recorded.
struct DefaultMethodTests {
  private func magnitude(_ scan: SmallScan, _ output: String) throws -> NDArray<Float> {
    let folder = scan.folder.path("\(output)/sub-01/anat")
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: folder).sorted().first {
        $0.contains("part-mag") && $0.hasSuffix(".nii.gz")
      })
    return try NIfTIFile(at: folder + "/" + name).volumes(scaling: .ignored)[0]
  }

  private func provenance(_ scan: SmallScan, _ output: String) throws -> String {
    try String(contentsOfFile: scan.folder.path("\(output)/provenance.json"), encoding: .utf8)
  }

  @Test("complete scans are transformed, others filled by L1-SENSE")
  func defaults() throws {
    let scan = try SmallScan()
    let masks = [
      ("uniform", ["--step", "2x1"], "l1-sense"), ("caipi", ["--step", "2x2"], "l1-sense"),
      ("poisson", ["--acceleration", "3"], "l1-sense"), ("random", ["--acceleration", "3"], "l1-sense"),
    ]
    let whole = try scan.run("reconstruct", "head.h5", "-o", "whole", "--combine", "rss")
    #expect(
      whole.status == 0 && whole.errors.contains("--method auto is zero-filled, as the scan is complete"))
    #expect(!whole.errors.contains("warning"))
    #expect(try provenance(scan, "whole").contains("--method auto is zero-filled"))
    let idle = try scan.run(
      "reconstruct", "head.h5", "-o", "idle", "--sensitivities", "walsh", "--dry-run")
    #expect(idle.errors.contains("--sensitivities walsh has no effect: zero-filled"), "\(idle.errors)")
    let complete = try magnitude(scan, "whole")
    for (kind, options, method) in masks {
      let made = try scan.run(
        ["mask", kind, "--matrix", "58x18", "--calibration", "12x10", "-o", "\(kind).npy"] + options)
      #expect(made.status == 0, "\(made.errors)")
      let copied = try scan.run("undersample", "head.h5", "--mask", "\(kind).npy", "-o", "\(kind).h5")
      #expect(copied.status == 0, "\(copied.errors)")
      let result = try scan.run("reconstruct", "\(kind).h5", "-o", kind, "--combine", "rss")
      #expect(
        result.status == 0 && result.errors.contains("--method auto is \(method), as"), "\(result.errors)")
      #expect(try provenance(scan, kind).contains("--method auto is \(method)"))
      let aliased = try scan.run(
        "reconstruct", "\(kind).h5", "-o", "zero-\(kind)", "--combine", "rss", "--method", "zero-filled")
      #expect(aliased.status == 0)
      // A network that sees one channel at a time leaves regular gaps folded.
      let network = try scan.run(
        "reconstruct", "\(kind).h5", "-o", "net", "--method", "reconnet", "--dry-run")
      let isRegular = ["uniform", "caipi"].contains(kind)
      #expect(network.status == 0 && network.errors.contains("stay folded") == isRegular, "\(network.errors)")
      let error = relativeError(try magnitude(scan, kind), complete)
      #expect(error < 0.8 * relativeError(try magnitude(scan, "zero-\(kind)"), complete), "\(kind) \(error)")
    }
  }

  @Test("without calibration the command asks, and says what there is")
  func uncalibrated() throws {
    let scan = try SmallScan()
    #expect(
      try scan.run(
        "mask", "uniform", "--matrix", "58x18", "--step", "2x1", "--calibration", "0x0", "-o", "m.npy"
      ).status == 0)
    #expect(try scan.run("undersample", "head.h5", "--mask", "m.npy", "-o", "half.h5").status == 0)
    let result = try scan.run("reconstruct", "half.h5", "-o", "out")
    #expect(result.status == 3 && result.errors.contains("--method zero-filled"), "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: scan.folder.path("out")))
    #expect(try scan.run("reconstruct", "half.h5", "-o", "out", "--method", "zero-filled").status == 0)
    #expect(try scan.run("reconstruct", "half.h5", "-o", "no", "--method", "magic").status == 2)
  }
}

/// Files that are in the way of masks, and configurations that would cost without bounds.
struct SmallFileTests {
  @Test("a mask replaces no file that it was not told to")
  func companions() throws {
    let folder = try TemporaryDirectory()
    let mask = ["mask", "poisson", "--matrix", "60x30", "--acceleration", "4", "--calibration", "8x8", "-o"]
    for (name, other) in [("scan.npy", "scan.json"), ("scan.cfl", "scan.hdr")] {
      try Data("{\"EchoTime\": 0.004}".utf8).write(to: URL(filePath: folder.path(other)))
      for force in [[], ["--force"]] {
        let result = try Command.run(mask + [name] + force, in: folder)
        #expect(result.status == 3 && result.errors.contains(other), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path(name)))
      }
      #expect(try String(contentsOfFile: folder.path(other), encoding: .utf8) == "{\"EchoTime\": 0.004}")
      try FileManager.default.removeItem(atPath: folder.path(other))
    }
    #expect(try Command.run(mask + ["own.npy"], in: folder).status == 0)
    #expect(try Command.run(mask + ["own.npy", "--seed", "5"], in: folder).status == 3)
    #expect(try Command.run(mask + ["own.npy", "--seed", "5", "--force"], in: folder).status == 0)
    // The same mask in another format shares its sidecar, another mask does not.
    #expect(try Command.run(["mask", "convert", "own.npy", "-o", "own.csv"], in: folder).status == 0)
    #expect(try Command.run(mask + ["own.png", "--seed", "6"], in: folder).status == 3)
  }

  @Test(
    "configurations that are no plain tables are refused by name",
    arguments: [
      "? [a]\n: b\n", "? {a: b}\n: c\n", "a: &a [x, x]\nb: [*a, *a]\n", "a: [[[[[[1]]]]]]\n", "a: {b: c}\n",
      "- a\n",
      "a: [[1]]\n",
    ])
  func configurations(text: String) throws {
    let folder = try TemporaryDirectory()
    try Data(text.utf8).write(to: URL(filePath: folder.path("options.yaml")))
    let result = try Command.run(["qsm", "images", "--config", "options.yaml", "-o", "out"], in: folder)
    #expect(result.status == 2 || result.status == 3, "\(result.status)")
    #expect(result.errors.contains("options.yaml"), "\(result.errors)")
  }

  /// YAML takes some words for numbers or for yes and no; options mean what is written.
  @Test("words of a configuration are taken as they are written")
  func configuredWords() throws {
    let folder = try TemporaryDirectory()
    let map = [
      "--local-field", "f.nii", "--field-unit", "Hz", "--field-strength", "3T", "-o", "out", "--dry-run",
    ]
    func refusal(_ text: String) throws -> (status: Int32, errors: String) {
      try Data(text.utf8).write(to: URL(filePath: folder.path("c.yaml")))
      let result = try Command.run(["qsm", "--config", "c.yaml"] + map, in: folder)
      return (result.status, result.errors)
    }
    // What is no option, or no value of one, is not passed over because it says no.
    for (text, name) in [
      ("mask-method: off", "--mask-method"), ("two-pas: false", "--two-pas"),
      ("regularization: no", "--regularization"),
    ] {
      let (status, errors) = try refusal(text)
      #expect(status == 2 && errors.contains(name), "\(text): \(errors)")
    }
    #expect(try refusal("subject: 1_0").errors.contains("--subject 1_0"))
    #expect(try refusal("subject: 010\ntwo-pass: false\nintermediates: yes\nlinear-blend: off").status == 0)
  }

  @Test("options of a mask to be made are refused beside one that is there")
  func idleMaskOptions() throws {
    let folder = try TemporaryDirectory()
    for option in [
      ["--seed", "5"], ["--calibration", "4x4"], ["--shutter", "ellipse"], ["--partial-fourier", "0.75,1"],
    ] {
      let result = try Command.run(
        ["undersample", "a.h5", "--mask", "m.npy", "-o", "b.h5"] + option, in: folder)
      #expect(result.status == 2 && result.errors.contains(option[0]), "\(result.errors)")
    }
    #expect(
      try Command.run(["undersample", "a.h5", "--mask", "m.npy", "-o", "b.h5"], in: folder).status == 3)
    try Data("# grid 4x4\n0,0\n".utf8).write(to: URL(filePath: folder.path("m.csv")))
    let axes = try Command.run(
      ["mask", "convert", "m.csv", "--mask-axes", "ky,kz", "-o", "m.npy"], in: folder)
    #expect(axes.status != 0 && axes.errors.contains("m.csv"), "\(axes.errors)")
  }

  @Test(
    "what is interrupted while it listens to a pipe leaves nothing behind", arguments: [SIGTERM, SIGKILL])
  func spool(signal: Int32) throws {
    let folder = try TemporaryDirectory()
    let process = Process()
    process.executableURL = URL(filePath: Command.path)
    process.arguments = ["info", "-"]
    process.environment = ["TMPDIR": folder.url.path]
    let pipe = Pipe()
    process.standardInput = pipe
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    // The beginning of a stream: an XML header is to come.
    try pipe.fileHandleForWriting.write(
      contentsOf: Data([3, 0, 0, 0, 1, 0] + [UInt8](repeating: 32, count: 9000)))
    Thread.sleep(forTimeInterval: 0.5)
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }
}
