import Foundation
import KSpaceToolkit
import TestSupport
import Testing

@Suite("kspace phantom")
struct PhantomCommandTests {
  /// A scan of odd and unequal extents that takes a second.
  private static let small = [
    "phantom", "--matrix", "25x30x11", "--voxel-size", "8x8x14mm", "--channels", "3", "--echo-times",
    "4ms,9ms",
    "--tilt", "20deg", "--seed", "5", "--age", "60", "-o",
  ]

  private func run(_ arguments: [String]) throws -> ExternalProcess.Result {
    let result = try Command.run(arguments)
    #expect(result.status == 0, "\(result.errors)")
    return result
  }

  @Test("The file reads back as the phantom of the library, bit for bit, with its geometry and parameters")
  func scan() throws {
    let folder = try TemporaryDirectory()
    _ = try run(Self.small + [folder.path("head.h5")])
    let scan = try KSpace(
      MRDFile(at: folder.path("head.h5")), options: ReadingOptions(prewhitens: false))
    let angle = 20 * Double.pi / 180
    let geometry = Geometry(
      matrix: Extents(x: 25, y: 30, z: 11), voxelSize: [8e-3, 8e-3, 14e-3],
      phaseDirection: [0, Double.cos(angle), -Double.sin(angle)],
      sliceDirection: [0, Double.sin(angle), Double.cos(angle)])
    let phantom = HeadPhantom(
      HeadAnatomy(seed: 5, age: 60), geometry: geometry,
      parameters: .spoiledGradientEcho(echoTimes: [4e-3, 9e-3]), channels: 3)
    #expect(scan.samples == phantom.scan().samples)
    #expect(scan.isFullySampled)
    #expect(scan.parameters.echoTimes == [4e-3, 9e-3])
    #expect(scan.parameters.repetitionTime.map { abs($0 - 30.2e-3) < 1e-9 } == true)
    let difference = scan.geometry.sliceDirection - geometry.sliceDirection
    #expect((difference * difference).sum() < 1e-12)
    #expect(scan.geometry.matrix == geometry.matrix)
    let size = scan.geometry.voxelSize - geometry.voxelSize
    #expect((size * size).sum() < 1e-18)
  }

  @Test("The noise scan whitens the channels")
  func noise() throws {
    let folder = try TemporaryDirectory()
    _ = try run(Self.small + [folder.path("head.h5")])
    let scan = try KSpace(MRDFile(at: folder.path("head.h5")))
    #expect(scan.noise == .whitened(standardDeviation: 1))
  }

  @Test("The truth maps are the library's", .enabled(if: Python.isAvailable, "\(Python.absence)"))
  func truth() throws {
    let folder = try TemporaryDirectory()
    _ = try run(Self.small + [folder.path("head.h5")])
    let chi = try NIfTIFile(at: folder.path("head_truth/chi.nii.gz"))
    #expect(abs(chi.geometry.fieldDirection.y + Double.sin(20 * Double.pi / 180)) < 1e-6)
    let script = """
      import nibabel, json, sys, numpy as np
      t = sys.argv[1] + '/head_truth/'
      load = lambda n: np.asarray(nibabel.load(t + n + '.nii.gz').dataobj).T
      chi, field, r2, labels, mask, s = map(load, ['chi', 'field', 'r2star', 'labels', 'mask', 'sensitivities'])
      assert chi.shape == field.shape == r2.shape == labels.shape == mask.shape == s.shape[1:] == (11, 30, 25)
      assert s.shape[0] == 3 and s.dtype == np.complex64
      for v in (chi, field, r2, s): assert np.isfinite(v).all()
      tissues = {t['name']: t for t in json.load(open(t + 'phantom.json'))['tissues']}
      assert set(np.unique(labels)) <= {t['label'] for t in tissues.values()}
      assert set(np.unique(mask)) == {0, 1}
      white = (labels == tissues['whiteMatter']['label']) & (mask == 1)
      print(white.sum(), abs(field[mask == 1].mean()))
      """
    let numbers = try Python.run(script, folder.url.path).split(separator: " ").compactMap {
      Double($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    #expect(numbers[0] > 300, "voxels of white matter")
    #expect(numbers[1] < 3, "mean field in the brain [Hz]")
  }

  @Test("Outputs that exist stay, unless --force is given; a dry run writes nothing")
  func outputs() throws {
    let folder = try TemporaryDirectory()
    let path = folder.path("head.h5")
    let dry = try run(Self.small + [path, "--dry-run"])
    #expect(dry.output.contains("25x30x11") && dry.output.contains("MB"))
    #expect(!FileManager.default.fileExists(atPath: path))
    try Data("precious".utf8).write(to: URL(filePath: path))
    let refused = try Command.run(Self.small + [path])
    #expect(refused.status == 3)
    #expect(refused.errors.contains("--force"))
    #expect(try Data(contentsOf: URL(filePath: path)) == Data("precious".utf8))
    _ = try run(Self.small + [path, "--force"])
    #expect(try MRDFile(at: path).header.userParameters["phantom_seed"] == "5")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() == [
        "head.h5", "head_truth",
      ])
  }

  @Test("A folder that does not exist ends with status 3 and leaves nothing")
  func missingFolder() throws {
    let folder = try TemporaryDirectory()
    let result = try Command.run(Self.small + [folder.path("absent/head.h5")])
    #expect(result.status == 3)
    #expect(result.errors.contains("absent"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).isEmpty)
  }

  @Test("A scan that no memory can hold is refused before it starts")
  func tooLarge() throws {
    let folder = try TemporaryDirectory()
    let result = try Command.run(["phantom", "--matrix", "4096x4096x4096", "-o", folder.path("head.h5")])
    #expect(result.status == 3)
    #expect(result.errors.contains("--voxel-size"))
  }

  @Test(
    "Values that make no sense are wrong usage",
    arguments: [
      ["--matrix", "160x192"], ["--channels", "0"], ["--snr", "0"], ["--voxel-size", "1x1x1"],
      ["--voxel-size", "1e-30x18x30mm", "--dry-run"], ["--voxel-size", "8x8x31mm"], ["--tilt", "20"],
      ["--echoes", "4", "--echo-times", "3ms"], ["--age", "-3"], ["-o", "-"],
    ])
  func usage(arguments: [String]) throws {
    let result = try Command.run(["phantom", "-o", "/tmp/never.h5"] + arguments)
    #expect(result.status == 2)
  }
}
