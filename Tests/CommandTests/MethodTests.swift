import Foundation
import KSpaceToolkit
import TestSupport
import Testing

struct MethodTests {
  /// The magnitude of the first echo that a method makes of a file.
  private func magnitude(_ scan: SmallScan, _ file: String, _ method: String) throws -> NDArray<Float> {
    let output = "out-\(file)-\(method)"
    let result = try scan.run("reconstruct", file, "-o", output, "--method", method, "--combine", "rss")
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains("aliased") == (method == "zero-filled" && file != "head.h5"))
    let label = method.filter { $0 != "-" }
    let path = "\(output)/sub-01/anat/sub-01_rec-\(label)_echo-1_part-mag_MEGRE.nii.gz"
    return try NIfTIFile(at: scan.folder.path(path)).volumes(scaling: .ignored)[0]
  }

  @Test("Parallel imaging is nearer to the complete scan than zero filling")
  func betterThanZeroFilling() throws {
    let scan = try SmallScan(
      "head.h5", "--channels", "8", "--matrix", "64x78x28", "--voxel-size", "3x3x5mm", "--echo-times", "3.3ms"
    )
    #expect(
      try scan.run(
        "undersample", "head.h5", "--acceleration", "3", "--calibration", "20x16", "-o", "fast.h5"
      ).status == 0)
    let complete = try magnitude(scan, "head.h5", "zero-filled")
    func error(_ method: String) throws -> Double {
      relativeError(try magnitude(scan, "fast.h5", method), complete)
    }
    let zeroFilled = try error("zero-filled")
    for method in ["grappa", "sense", "l1-sense"] {
      let remaining = try error(method)
      #expect(remaining < 0.7 * zeroFilled, "\(method) leaves \(remaining) of \(zeroFilled)")
    }
  }

  @Test("The time that a method takes is told first, and is longer where there is more to do")
  func time() throws {
    let scan = try SmallScan(
      "head.h5", "--channels", "8", "--matrix", "64x78x28", "--voxel-size", "3x3x5mm", "--echoes", "5")
    #expect(
      try scan.run(
        "undersample", "head.h5", "--acceleration", "3", "--calibration", "20x16", "-o", "fast.h5"
      ).status == 0)
    func seconds(_ method: String, _ file: String = "fast.h5") throws -> Int {
      let result = try scan.run("reconstruct", file, "-o", "out", "--method", method, "--dry-run")
      #expect(result.status == 0, "\(result.errors)")
      let sentence = try #require(result.errors.firstMatch(of: /GB of memory and (\d+) s of one core/))
      return try #require(Int(sentence.1))
    }
    let zeroFilled = try seconds("zero-filled"), l1SENSE = try seconds("l1-sense")
    #expect(zeroFilled >= 1 && l1SENSE > zeroFilled)
    #expect(try seconds("reconnet") > l1SENSE)
    #expect(try seconds("l1-spirit") > seconds("spirit"))
    #expect(try seconds("grappa", "head.h5") == seconds("zero-filled", "head.h5"), "nothing is missing")
  }

  @Test(
    "A scan without calibration is refused by parallel imaging", arguments: ["grappa", "sense", "l1-sense"])
  func noCalibration(method: String) throws {
    let scan = try SmallScan()
    #expect(
      try scan.run(
        "undersample", "head.h5", "--acceleration", "4", "--calibration", "0x0", "--seed", "5", "-o",
        "fast.h5"
      ).status == 0)
    let result = try scan.run("reconstruct", "fast.h5", "-o", "out", "--method", method)
    #expect(result.status == 3, "\(result.errors)")
    #expect(result.errors.contains("calibration"))
    #expect(try scan.names == ["head.h5", "head_truth", "fast.h5"])
  }

  @Test("The network sees as many virtual channels as are asked for, and the provenance says so")
  func virtualChannels() throws {
    let scan = try SmallScan()
    #expect(
      try scan.run("undersample", "head.h5", "--acceleration", "2", "--calibration", "8x8", "-o", "fast.h5")
        .status == 0)
    let result = try scan.run(
      "reconstruct", "fast.h5", "-o", "out", "--method", "reconnet", "--virtual-channels", "2", "--channels")
    #expect(result.status == 0, "\(result.errors)")
    let files = try FileManager.default.subpathsOfDirectory(atPath: scan.folder.path("out"))
    #expect(files.contains { $0.contains("coil-02") } && !files.contains { $0.contains("coil-03") })
    let provenance = try String(contentsOfFile: scan.folder.path("out/provenance.json"), encoding: .utf8)
    #expect(provenance.contains("Samples are those of 2 virtual channels"))
  }

  @Test(
    "Virtual channels are refused where they would do nothing",
    arguments: [
      ["--method", "grappa", "--virtual-channels", "2"], ["--method", "reconnet", "--virtual-channels", "0"],
    ])
  func needlessVirtualChannels(options: [String]) throws {
    let scan = try SmallScan()
    let result = try scan.run(["reconstruct", "head.h5", "-o", "out"] + options)
    #expect(result.status == 2 && result.errors.contains("--virtual-channels"), "\(result.errors)")
  }

  @Test("A window makes images smoother, whatever made them, and the provenance says so")
  func window() throws {
    let scan = try SmallScan()
    #expect(
      try scan.run("undersample", "head.h5", "--acceleration", "2", "--calibration", "8x8", "-o", "fast.h5")
        .status == 0)
    func roughness(_ output: String, _ options: [String]) throws -> Double {
      let result = try scan.run(
        ["reconstruct", "fast.h5", "-o", output, "--method", "grappa", "--combine", "rss"] + options)
      #expect(result.status == 0, "\(result.errors)")
      let path = scan.folder.path("\(output)/sub-01/anat/sub-01_rec-grappa_echo-1_part-mag_MEGRE.nii.gz")
      let image = try NIfTIFile(at: path).volumes(scaling: .ignored)[0]
      let elements = image.elements, row = image.shape[2]
      let steps = elements.indices.dropFirst().reduce(0.0) {
        $1 % row == 0 ? $0 : $0 + pow(Double(elements[$1] - elements[$1 - 1]), 2)
      }
      return steps / elements.reduce(0.0) { $0 + Double($1 * $1) }
    }
    let plain = try roughness("plain", [])
    let means = try roughness("means", ["--window", "voxel-mean"])
    let tukey = try roughness("tukey", ["--window", "tukey"])
    #expect(tukey < means && means < 0.9 * plain, "\(tukey), \(means), \(plain)")
    let provenance = try String(contentsOfFile: scan.folder.path("means/provenance.json"), encoding: .utf8)
    #expect(provenance.contains("weighted by the window voxel-mean"))
    let refused = try scan.run(
      "reconstruct", "fast.h5", "-o", "out", "--window", "tukey", "--noise-map")
    #expect(refused.status == 2 && refused.errors.contains("--window"), "\(refused.errors)")
  }
}
