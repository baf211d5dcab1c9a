import Foundation
import KSpaceToolkit
import TestSupport
import Testing

@Suite("kspace mask, undersample and time")
struct SamplingCommandTests {
  private func run(_ arguments: [String]) throws -> ExternalProcess.Result {
    let result = try Command.run(arguments)
    #expect(result.status == 0, "\(result.errors)")
    return result
  }

  @Test("a mask is the library's, and its figures are printed")
  func mask() throws {
    let folder = try TemporaryDirectory()
    let output = try run([
      "mask", "poisson", "--matrix", "60x40", "--acceleration", "4", "--calibration", "10x8", "--shutter",
      "ellipse", "--seed", "9", "--tr", "30ms", "-o", folder.path("m.npy"),
    ]).output
    let region = SamplingRegion(shutter: .ellipse, calibration: GridExtent(lines: 10, partitions: 8))
    let mask = try PoissonDisk(acceleration: 4, region: region).mask(lines: 60, partitions: 40, seed: 9)
    #expect(try MaskFile.read(folder.path("m.npy")) == [mask])
    for text in ["600 positions", "4.000 of the grid", "kept", mask.checksum, "0:18"] {
      #expect(output.contains(text), "\(text)")
    }
    let json = try run(["mask", "convert", folder.path("m.npy"), "--json", "-o", folder.path("m.csv")]).output
    let reports = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]]
    let figures = reports?.first?["figures"] as? [String: Any]
    #expect(figures?["acquiredCount"] as? Int == 600)
    #expect(try MaskSidecar(ofMaskAt: folder.path("m.csv")).recipe?.seed == 9)
  }

  @Test("the other patterns are made as their options say")
  func patterns() throws {
    let folder = try TemporaryDirectory()
    for (arguments, count) in [
      (["uniform", "--matrix", "300x80", "--step", "2x1", "--calibration", "36x80"], 13_440),
      (["caipi", "--matrix", "40x40", "--step", "2x2", "--calibration", "0x0"], 400),
      (
        ["random", "--matrix", "40x30", "--acceleration", "3", "--width", "0.4", "--calibration", "8x8"], 400
      ),
    ] {
      let path = folder.path("\(arguments[0]).npy")
      _ = try run(["mask"] + arguments + ["-o", path])
      #expect(try MaskFile.read(path)[0].acquiredCount == count)
    }
    _ = try run([
      "mask", "poisson", "--matrix", "40x40", "--nested", "3,4,5", "--calibration", "8x8", "-o",
      folder.path("nested.npy"),
    ])
    #expect(try MaskFile.read(folder.path("nested.npy")).map(\.acquiredCount) == [533, 400, 320])
    #expect(try run(["mask", "check", folder.url.path]).output.contains("4 masks"))
    #expect(try MaskIndex(readingFolder: folder.url.path).entries.count == 4)
  }

  @Test("the recipe of masks that another tool has replaced is not taken for theirs")
  func staleSidecar() throws {
    let folder = try TemporaryDirectory()
    func make(_ name: String, seed: String) throws {
      _ = try run([
        "mask", "poisson", "--matrix", "30x20", "--acceleration", "3", "--calibration", "8x6", "--seed", seed,
        "-o", folder.path(name),
      ])
    }
    try make("m.npy", seed: "1")
    try make("other.npy", seed: "2")
    _ = try run([
      "phantom", "--matrix", "24x30x20", "--voxel-size", "8x7x8mm", "--channels", "1", "--echo-times", "4ms",
      "-o", folder.path("full.h5"),
    ])
    func recipes() throws -> [MaskRecipe?] {
      _ = try run(["mask", "convert", folder.path("m.npy"), "-o", folder.path("m-again.csv"), "--force"])
      _ = try run([
        "undersample", folder.path("full.h5"), "--mask", folder.path("m.npy"), "-o", folder.path("af3.h5"),
        "--force",
      ])
      let header = try MRDFile(at: folder.path("af3.h5")).header
      let text = try #require(header.userParameters["undersampling_mask"])
      return [
        try MaskSidecar(ofMaskAt: folder.path("m-again.csv")).recipe,
        try JSONDecoder().decode(MaskSidecar.self, from: Data(text.utf8)).recipe,
      ]
    }
    #expect(try recipes().map { $0?.seed } == [1, 1])
    try Data(contentsOf: folder.url.appending(path: "other.npy")).write(
      to: folder.url.appending(path: "m.npy"))
    #expect(try recipes() == [nil, nil])
  }

  @Test("an undersampled file holds the lines of the mask, bit for bit, and says what was done")
  func undersample() throws {
    let folder = try TemporaryDirectory()
    let full = folder.path("full.h5")
    _ = try run([
      "phantom", "--matrix", "24x30x20", "--voxel-size", "8x7x8mm", "--channels", "3", "--echo-times",
      "4ms,9ms", "--seed", "2", "-o", full,
    ])
    let source = try KSpace(MRDFile(at: full))
    for name in ["out.h5", "out.mrd"] {
      let path = folder.path(name)
      let arguments = [
        "undersample", full, "--acceleration", "4", "--calibration", "8x6", "--seed", "3", "--complementary",
        "-o", path,
      ]
      #expect(try run(arguments + ["--dry-run"]).output.contains("300 of 1200 image lines"))
      #expect(!FileManager.default.fileExists(atPath: path))
      let result = try run(arguments)
      #expect(!result.errors.contains("warning"))
      #expect(try Command.run(arguments).status == 3, "an output that exists is not replaced")
      let file = try MRDFile(at: path)
      let scan = try KSpace(file)
      let pattern = PoissonDisk(
        acceleration: 4, region: SamplingRegion(calibration: GridExtent(lines: 8, partitions: 6)))
      let masks = try pattern.complementarySamples(echoes: 2, lines: 30, partitions: 20, seed: 3).map(\.mask)
      #expect(scan.masks == masks)
      #expect(scan.samples == (try source.undersampled(by: masks)).samples)
      #expect(scan.noise == source.noise)
      #expect(file.header.encodings[0].acceleration == [5, 1])
      #expect(file.header.encodings[0].calibrationMode == "embedded")
      #expect(file.header.userParameters["undersampling"] == "retrospective")
      let text = try #require(file.header.userParameters["undersampling_mask"])
      let sidecar = try JSONDecoder().decode(MaskSidecar.self, from: Data(text.utf8))
      #expect(try sidecar.rederivedMasks() == masks)
      _ = try run(["mask", "recover", path, "-o", folder.path("recovered.npy"), "--force"])
      #expect(try MaskFile.read(folder.path("recovered.npy")) == masks)
    }
    // What was undersampled once is no honest source for the same mask of lower acceleration.
    let again = try Command.run([
      "undersample", folder.path("out.h5"), "--acceleration", "2", "-o", folder.path("again.h5"),
      "--calibration", "4x4",
    ])
    #expect(again.status == 3 && again.errors.contains("lacks"))
    _ = try run(["mask", "recover", folder.path("out.h5"), "-o", folder.path("own.npy")])
    let recovered = try MaskSidecar(ofMaskAt: folder.path("own.npy")).source
    _ = try run(["mask", "convert", folder.path("own.npy"), "-o", folder.path("own.csv")])
    let kept = try MaskSidecar(ofMaskAt: folder.path("own.npy")).source
    #expect(kept == recovered && kept?.contains("out.h5") == true)
    let same = try run([
      "undersample", folder.path("out.h5"), "--mask", folder.path("own.npy"), "-o", folder.path("same.h5"),
    ])
    #expect(same.errors.contains("150 of 600 positions"))
    let header = try MRDFile(at: folder.path("same.h5")).header
    #expect(header.userParameters["undersampling_warnings"]?.contains("150 of 600") == true)
  }

  @Test(
    "real scans, undersampled, are read by the reference library and reconstruct",
    .enabled(if: SharedData.isPresent && Python.isAvailable, "\(SharedData.absence)"),
    arguments: ["brain8ch_plane_full", "semi3d_6ch_3echo"])
  func realScans(name: String) throws {
    let folder = try TemporaryDirectory()
    let source = SharedData.path("mrd/\(name).h5"), path = folder.path("out.h5")
    let result = try run([
      "undersample", source, "--acceleration", "3", "--calibration", "20x20", "--shutter", "rectangle", "-o",
      path,
    ])
    // The header of the plane states no echo time; of the sampling there is nothing to tell.
    let told = result.errors.split(separator: "\n").filter { $0.contains("warning") }
    #expect(told.count == (name == "brain8ch_plane_full" ? 1 : 0), "\(result.errors)")
    #expect(told.allSatisfy { $0.contains("the header states no echo time") }, "\(result.errors)")
    let masks = try KSpace(MRDFile(at: path)).masks
    try MaskFile.write(masks, to: folder.path("mask.npy"))
    _ = try Python.run(
      """
      import sys, h5py, numpy as np, ismrmrd
      folder, source, out = sys.argv[1:]
      mask = np.load(folder + '/mask.npy'); mask = mask if mask.ndim == 3 else mask[None]
      def load(path):
          # In bulk: the package takes milliseconds for each acquisition.
          with h5py.File(path, 'r') as f: rows = f['dataset/data'][:]
          isnoise = (rows['head']['flags'] & (1 << (ismrmrd.ACQ_IS_NOISE_MEASUREMENT - 1))) != 0
          lines = {}
          for r in rows[~isnoise]:
              i = r['head']['idx']; k = (i['contrast'], i['kspace_encode_step_2'], i['kspace_encode_step_1'])
              assert k not in lines; lines[k] = (r['head'], r['data'].view(np.complex64).reshape(r['head']['active_channels'], -1))
          return lines, isnoise.sum()
      full, noise = load(source)
      some, copied = load(out)
      assert noise == copied
      assert set(some) == set(zip(*map(list, np.nonzero(mask)))), len(some)
      for k, (_, data) in some.items(): assert np.array_equal(data, full[k][1])
      d = ismrmrd.Dataset(out, 'dataset', create_if_needed=False)
      h = ismrmrd.xsd.CreateFromDocument(d.read_xml_header())
      m = h.encoding[0].encodedSpace.matrixSize
      for n in range(0, d.number_of_acquisitions(), 199):
          a = d.read_acquisition(n)
          if a.is_flag_set(ismrmrd.ACQ_IS_NOISE_MEASUREMENT): continue
          k = (a.idx.contrast, a.idx.kspace_encode_step_2, a.idx.kspace_encode_step_1)
          assert np.array_equal(a.data, full[k][1])
      bit = 1 << (ismrmrd.ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING - 1)
      cal = {k for k, (head, _) in some.items() if head['flags'] & bit}
      assert len(cal) >= 400 * mask.shape[0], len(cal)
      assert h.encoding[0].parallelImaging.calibrationMode.value == 'embedded'
      # A plain inverse transform of the kept lines looks like the complete image.
      def image(lines):
          k = np.zeros((m.z, m.y, m.x, len(next(iter(lines.values()))[1])), complex)
          for (c, z, y), (_, data) in lines.items():
              if c == 0: k[z, y] = data.T
          return np.sqrt((np.abs(np.fft.ifftn(k, axes=(0, 1, 2))) ** 2).sum(-1)).ravel()
      r = np.corrcoef(image(full), image(some))[0, 1]
      assert r > 0.85, r
      """, folder.url.path, source, path)
    let reconstructed = try Command.run([
      "reconstruct", path, "--method", "zero-filled", "--combine", "rss", "-o", folder.path("images"),
    ])
    #expect(reconstructed.status == 0, "\(reconstructed.errors)")
  }

  @Test("times are compared, charted, and counted from any mask")
  func time() throws {
    let folder = try TemporaryDirectory()
    let protocols = SharedData.packageRoot.appending(path: "Protocols").path
    let output = try run([
      "time", "\(protocols)/study_parallel_imaging_af2.json", "\(protocols)/study_deep_learning_af4.json",
      "--chart",
      folder.path("times.svg"),
    ]).output
    #expect(output.contains("6:46") && output.contains("780"))
    #expect(try String(contentsOfFile: folder.path("times.svg"), encoding: .utf8).contains("</svg>"))
    _ = try run([
      "mask", "uniform", "--matrix", "20x10", "--step", "2x1", "--calibration", "0x0", "-o",
      folder.path("m.npy"),
    ])
    let json = try run([
      "time", "--mask", folder.path("m.npy"), "--tr", "50ms", "--dummies", "20", "--averages", "2", "--json",
    ]).output
    let rows = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]]
    let time = rows?.first?["time"] as? [String: Any]
    #expect(time?["repetitions"] as? Int == 220)
    #expect(abs(try #require(time?["duration"] as? Double) - 11) < 1e-9)
    _ = try run(["mask", "convert", folder.path("m.npy"), "-o", folder.path("m.csv")])
    let listed = try run(["time", "--mask", folder.path("m.csv"), "--tr", "50ms", "--json"]).output
    #expect(listed.contains("100"))
    let nominal = try run([
      "time", "\(protocols)/study_parallel_imaging_af2.json", "--acceleration", "6",
    ]).output
    #expect(nominal.contains("4000") && nominal.contains("with --acceleration 6"), "\(nominal)")
    // The published time is that of the protocol as it stands.
    for (more, isPublished) in [([], true), (["--averages", "2"], false), (["--tr", "40ms"], false)] {
      let row = try run(["time", "\(protocols)/study_parallel_imaging_af2.json", "--json"] + more).output
      #expect(row.contains("\"published\"") == isPublished, "\(more)")
    }
  }

  @Test("wrong usage ends with status 2, bad input with 3")
  func refusals() throws {
    let folder = try TemporaryDirectory()
    for arguments in [
      ["mask", "poisson", "--matrix", "30x30"], ["mask", "poisson", "--matrix", "30", "--acceleration", "4"],
      ["mask", "poisson", "--matrix", "30x30", "--acceleration", "4", "--basis", "time"],
      ["mask", "poisson", "--matrix", "30x30", "--acceleration", "4", "--tr", "30"],
      ["mask", "poisson", "--matrix", "30x30", "--acceleration", "4", "--tr", "0.03ms"],
      ["time", "--mask", "m.npy", "--tr", "0.03ms"], ["time", "a.json", "--tr", "1e300ms"],
      ["undersample", "a.h5", "-o", "b.h5"], ["time"], ["time", "--mask", "m.npy"],
      ["undersample", "a.h5", "-o", "b.h5", "--mask", "m.npy", "--acceleration", "4"],
      ["undersample", "a.h5", "-o", "b.h5", "--mask", "m.npy", "--seed", "1"],
      ["undersample", "a.h5", "-o", "b.h5", "--mask", "m.npy", "--shutter=rectangle"],
      ["undersample", "a.h5", "-o", "b.h5", "--acceleration", "4", "--mask-axes", "kz,ky"],
    ] {
      #expect(try Command.run(arguments).status == 2, "\(arguments)")
    }
    for arguments in [
      ["mask", "poisson", "--matrix", "30x30", "--acceleration", "0.5"],
      ["mask", "poisson", "--matrix", "0x30", "--acceleration", "4"],
      ["mask", "poisson", "--matrix", "30x30", "--acceleration", "4", "-o", folder.path("mask.txt")],
      ["mask", "convert", folder.path("absent.npy")], ["mask", "check", folder.path("absent")],
      ["time", folder.path("absent.json")],
      ["undersample", folder.path("absent.h5"), "--acceleration", "4", "-o", folder.path("out.h5")],
    ] {
      let result = try Command.run(arguments)
      #expect(result.status == 3, "\(arguments)")
      #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == [])
  }
}
