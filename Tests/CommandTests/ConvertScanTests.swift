import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// What becomes of all parts of a scan on its way to an array and back.
struct ConvertScanTests {
  /// Lines between image lines, for calibration alone.
  private static func calibrated(mode: String?) throws -> WrittenScan {
    let images = WrittenScan.complete(lines: 16, echoes: 2).filter { $0.line % 2 == 0 }
    let lines = (5..<12).filter { mode == nil || $0 % 2 == 1 }
    return try WrittenScan(
      matrix: Extents(x: 10, y: 16, z: 1), echoes: 2, calibrationMode: mode,
      images + lines.map { .init(line: $0, flags: .isCalibration) })
  }

  @Test func `Calibration lines within the scan are part of its k-space and images`() throws {
    let scan = try Self.calibrated(mode: "embedded")
    let result = try scan.run("convert", "scan.h5", "-o", "k.npy")
    #expect(result.status == 0 && !result.errors.contains("left out"), "\(result.errors)")
    let whole = try KSpace(scan.file("scan.h5")).withEmbeddedCalibration
    #expect(whole.masks[0].acquiredCount == 12)
    #expect(try scan.array("k.npy") == whole.samples)
    #expect(try scan.run("convert", "scan.h5", "-o", "i.npy", "--images").status == 0)
    var images = whole.samples
    FourierTransform(shape: [1, 16, 10]).inverse(&images)
    #expect(relativeError(try scan.array("i.npy"), images) < 1e-6)
  }

  @Test func `Separate calibration lines are left out, and that is said`() throws {
    let scan = try Self.calibrated(mode: nil)
    let result = try scan.run("convert", "scan.h5", "-o", "k.npy")
    #expect(result.status == 0)
    #expect(result.errors.contains("7 separate calibration lines left out"), "\(result.errors)")
    #expect(try String(contentsOfFile: scan.folder.path("k.json"), encoding: .utf8).contains("7 separate"))
    #expect(try scan.array("k.npy") == KSpace(scan.file("scan.h5")).samples)
  }

  @Test(arguments: [[], ["--images"]])
  func `Slices come back as slices`(options: [String]) throws {
    let scan = try WrittenScan(
      matrix: Extents(x: 10, y: 12, z: 1), prescribed: Extents(x: 10, y: 8, z: 1),
      (0..<5).flatMap { WrittenScan.complete(lines: 12, slice: $0) })
    let there = try Command.run(["convert", "scan.h5", "-o", "a.npy"] + options, in: scan.folder)
    #expect(there.status == 0, "\(there.errors)")
    #expect(try scan.run("convert", "a.npy", "-o", "back.h5").status == 0)
    let first = try SliceStack(scan.file("scan.h5")), second = try SliceStack(scan.file("back.h5"))
    #expect(second.slices.count == 5)
    let expected = try first.images(by: ZeroFilled()), images = try second.images(by: ZeroFilled())
    try #require(images.geometry.matrix == Extents(x: 10, y: 8, z: 5))
    #expect(expected.geometry.arrangement(on: images.geometry)?.isIdentity == true)
    #expect(relativeError(try images.channel(1), try expected.channel(1)) < 1e-5)
    // The user's word goes before the sidecar's.
    let volume = try scan.run("convert", "a.npy", "-o", "volume.h5", "--no-slices")
    #expect(volume.status == (options.isEmpty ? 3 : 0), "\(volume.errors)")
    if !options.isEmpty { #expect(try KSpace(scan.file("volume.h5")).partitions == 5) }
  }

  @Test(arguments: [1, 2])
  func `An asymmetric echo comes back as one, echo by echo`(oversampling: Int) throws {
    var readouts = WrittenScan.complete(lines: 8, partitions: 2, echoes: 2)
    for index in readouts.indices where readouts[index].echo == 0 {
      readouts[index].range = 6 * oversampling..<20 * oversampling
    }
    let scan = try WrittenScan(
      matrix: Extents(x: 20 * oversampling, y: 8, z: 2), echoes: 2, prescribed: Extents(x: 20, y: 8, z: 2),
      readouts)
    let first = try KSpace(scan.file("scan.h5"))
    #expect(first.readoutRange == 6..<20)
    // Where the field of view was cut, samples leak to where none were measured.
    var measured = first.samples
    for index in 0..<2 * 2 * 8 {
      for x in 0..<6 { measured[0, index / 16, index / 8 % 2, index % 8, x] = .zero }
    }
    #expect((measured == first.samples) == (oversampling == 1))
    for name in ["k.npy", "k.cfl"] {
      #expect(try scan.run("convert", "scan.h5", "-o", name, "--force").status == 0)
      #expect(try scan.run("convert", name, "-o", "back.h5", "--force").status == 0)
      let back = try scan.file("back.h5"), second = try KSpace(back)
      #expect(second.samples == measured && second.readoutRange == 6..<20)
      for readout in back.acquisitions {
        let isFirst = readout.counters.contrast == 0
        #expect(readout.sampleCount == (isFirst ? 14 : 20) && readout.centerSample == (isFirst ? 4 : 10))
      }
    }
    // Of sidecars that say nothing, all of the readout is taken; what no readout can be is refused.
    let sidecar = scan.folder.path("k.json")
    var object = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: sidecar))) as? [String: Any])
    var facts = try #require(object["scan"] as? [String: Any])
    func convert(_ ranges: [[Int]]?) throws -> ExternalProcess.Result {
      facts["readoutRanges"] = ranges
      object["scan"] = facts
      try JSONSerialization.data(withJSONObject: object).write(to: URL(filePath: sidecar))
      return try scan.run("convert", "k.npy", "-o", "back.h5", "--force")
    }
    for ranges in [
      [[6, 20]], [[6, 20], [0, 21]], [[6, 20], [11, 20]], [[6, 20], [0, 10]], [[6], [0, 20]],
    ] {
      let refused = try convert(ranges)
      #expect(refused.status == 3 && refused.errors.contains("readout ranges"), "\(refused.errors)")
    }
    #expect(try convert(nil).status == 0)
    #expect(try scan.file("back.h5").acquisitions.allSatisfy { $0.sampleCount == 20 })
    // A readout from the centre on begins one sample before it, or nobody could tell where the centre is.
    #expect(try convert([[10, 20], [10, 20]]).status == 0)
    #expect(try scan.file("back.h5").acquisitions.allSatisfy { $0.centerSample == 1 })
  }

  @Test func `K-space becomes images by its transform, never by its name`() throws {
    let scan = try WrittenScan(
      matrix: Extents(x: 10, y: 12, z: 6), echoes: 2, prescribed: Extents(x: 10, y: 8, z: 5),
      WrittenScan.complete(lines: 12, partitions: 6, echoes: 2).filter { $0.line % 3 > 0 })
    #expect(try scan.run("convert", "scan.h5", "-o", "k.npy").status == 0)
    #expect(try scan.run("convert", "scan.h5", "-o", "i.npy", "--images").status == 0)
    #expect(try scan.run("convert", "k.npy", "-o", "j.npy", "--images").status == 0)
    let direct = try scan.array("i.npy"), images = try scan.array("j.npy")
    try #require(direct.shape == [2, 2, 5, 8, 10] && images.shape == direct.shape)
    #expect(relativeError(images, direct) < 1e-6)
    let sidecars = try ["i.json", "j.json"].map {
      try String(contentsOfFile: scan.folder.path($0), encoding: .utf8)
    }
    #expect(sidecars[0] == sidecars[1])
    let refused = try scan.run("convert", "k.npy", "-o", "back.h5", "--images")
    #expect(refused.status == 3 && refused.errors.contains("k-space"), "\(refused.errors)")
    #expect(refused.errors.contains("--images"))
    // Where nobody says what an array holds, the option does; that is told.
    try NumPyArray.write(direct, to: scan.folder.path("bare.npy"))
    for (options, word) in [([], "k-space"), (["--images"], "images")] {
      let bare = try Command.run(
        ["convert", "bare.npy", "-o", "copy.npy", "--force"] + options, in: scan.folder)
      #expect(bare.status == 0 && bare.errors.contains("taken for \(word)"), "\(bare.errors)")
      #expect(try scan.array("copy.npy") == direct)
    }
  }

  @Test func `A sidecar that is not there is no input, and one that is there stays`() throws {
    let folder = try TemporaryDirectory()
    try NumPyArray.write(testPattern([2, 4, 6]), to: folder.path("bare.npy"))
    let first = try Command.run(["convert", "bare.npy", "-o", "bare.cfl"], in: folder)
    #expect(first.status == 0, "\(first.errors)")
    #expect(FileManager.default.fileExists(atPath: folder.path("bare.json")))
    let second = try Command.run(["convert", "bare.npy", "-o", "bare.cfl", "--force"], in: folder)
    #expect(second.status == 3 && second.errors.contains("its own input, bare.json"), "\(second.errors)")
    let third = try Command.run(["convert", "bare.npy", "-o", "bare.npy", "--force"], in: folder)
    #expect(third.status == 3 && third.errors.contains("its own input, bare.npy"), "\(third.errors)")
  }

  @Test(arguments: [1, 4])
  func `Slabs lie beside each other, as slices do`(partitions: Int) throws {
    let folder = try TemporaryDirectory()
    try NumPyArray.write(testPattern([3, 1, 2, partitions, 4, 6]), to: folder.path("slabs.npy"))
    let result = try Command.run(
      ["convert", "slabs.npy", "-o", "slabs.h5", "--voxel-size", "1x1x2mm", "--echo-times", "4ms"], in: folder
    )
    #expect(result.status == 0, "\(result.errors)")
    for readout in try MRDFile(at: folder.path("slabs.h5")).acquisitions {
      let height = 2 * Float(partitions) * (Float(readout.counters.slice) - 1)
      #expect(abs(readout.position.z - height) < 1e-4)
    }
  }

  @Test func `Options that would do nothing are refused by name`() throws {
    for options in [
      ["--group", "a"], ["--accept-truncated"], ["--matrix", "8x8"], ["--field-of-view", "8x8x8mm"],
      ["--phase-sign", "negative"], ["--encoding-space", "0"], ["--slice", "0"], ["--repetition", "0"],
      ["--set", "0"], ["--cardiac-phase", "0"], ["--average", "0"], ["--segment", "0"],
      ["--no-prewhitening"],
      ["--no-oversampling-removal"], ["--no-echo-planar-correction"],
    ] {
      let result = try Command.run(["convert", "a.npy", "-o", "b.h5"] + options)
      #expect(result.status == 2 && result.errors.contains("\(options[0]): for raw files only"), "\(options)")
    }
    for options in [["--voxel-size", "1x1x1mm"], ["--tr", "30ms"], ["--slices"], ["--no-slices"]] {
      let result = try Command.run(["convert", "a.h5", "-o", "b.npy"] + options)
      #expect(result.status == 2 && result.errors.contains("\(options[0]): for arrays only"), "\(options)")
    }
    // Slices of k-space are on an axis of their own.
    let folder = try TemporaryDirectory()
    try NumPyArray.write(testPattern([2, 4, 6]), to: folder.path("k.npy"))
    let result = try Command.run(
      ["convert", "k.npy", "-o", "k.h5", "--voxel-size", "1x1x1mm", "--slices"], in: folder)
    #expect(result.status == 3 && result.errors.contains("--slices"), "\(result.errors)")
  }
}
