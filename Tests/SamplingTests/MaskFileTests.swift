import Foundation
import ImageFiles
import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@testable import Sampling

@Suite struct MaskFileTests {
  static func recipe(_ family: MaskRecipe.Family? = nil) -> MaskRecipe {
    let pattern = PoissonDisk(
      acceleration: 4, basis: .shutter,
      region: SamplingRegion(
        shutter: .ellipse, calibration: GridExtent(lines: 9, partitions: 6),
        partialFourier: .init(lines: 0.9)),
      densitySlope: 0.8, metric: .extent)
    return MaskRecipe(
      pattern: .poissonDisk(pattern), grid: GridExtent(lines: 61, partitions: 34), seed: 77, family: family)
  }

  @Test(
    "every format gives back the masks, and its sidecar makes them anew",
    arguments: ["npy", "cfl", "csv"], [nil, MaskRecipe.Family.complementary(echoes: 3)])
  func roundTrip(format: String, family: MaskRecipe.Family?) throws {
    let folder = try TemporaryDirectory()
    let recipe = Self.recipe(family)
    let masks = try recipe.masks()
    let path = folder.path("mask.\(format)")
    for order in AcquisitionOrder.allCases {
      try MaskFile.write(masks, to: path, recipe: recipe, order: order)
      #expect(try MaskFile.read(path, matrix: recipe.grid) == masks)
    }
    let sidecar = try MaskSidecar(ofMaskAt: path)
    #expect(sidecar.recipe == recipe)
    #expect(try sidecar.rederivedMasks() == masks)
    #expect(sidecar.masks.map(\.acquiredCount) == masks.map(\.acquiredCount))
    var damaged = sidecar
    damaged.recipe?.seed = 78
    #expect(throws: SamplingError.self) { try damaged.rederivedMasks() }
  }

  @Test(
    "recipes of every pattern survive their sidecar",
    arguments: [
      MaskRecipe.Pattern.lattice(Lattice(lineStep: 2, partitionStep: 3, shift: 1)),
      .randomPositions(RandomPositions(acceleration: 3, width: 0.5)),
      .randomPositions(RandomPositions(acceleration: 3)),
    ])
  func recipes(pattern: MaskRecipe.Pattern) throws {
    let folder = try TemporaryDirectory()
    let recipe = MaskRecipe(pattern: pattern, grid: GridExtent(lines: 30, partitions: 20), seed: .max)
    try MaskFile.write(recipe.masks(), to: folder.path("m.npy"), recipe: recipe)
    #expect(try MaskSidecar(ofMaskAt: folder.path("m.npy")).recipe == recipe)
  }

  @Test(
    "An array of axes (ky, kz) is known by its shape or by what the caller says; a square one is asked about")
  func axes() throws {
    let folder = try TemporaryDirectory()
    let recipe = Self.recipe(), mask = try recipe.masks()[0]
    var turned = SamplingMask(lines: mask.partitions, partitions: mask.lines, isAcquired: false)
    for line in 0..<mask.lines {
      for partition in 0..<mask.partitions {
        turned[line: partition, partition: line] = mask[line: line, partition: partition]
      }
    }
    let path = folder.path("turned.npy")
    try NumPyMask.data([turned]).write(to: URL(filePath: path))
    #expect(try MaskFile.read(path, matrix: recipe.grid) == [mask])
    #expect(try MaskFile.read(path, axes: .linesFirst) == [mask])
    #expect(try MaskFile.read(path) == [turned])

    var square = SamplingMask(lines: 6, partitions: 6, isAcquired: false)
    for position in [(3, 3), (1, 4), (2, 3)] { square[line: position.0, partition: position.1] = true }
    let bare = folder.path("square.npy"), grid = GridExtent(lines: 6, partitions: 6)
    try NumPyMask.data([square]).write(to: URL(filePath: bare))
    let error = try #require(throws: SamplingError.self) { try MaskFile.read(bare, matrix: grid) }
    #expect(error.description.contains("`maskAxes: kz,ky` or `maskAxes: ky,kz`"))
    #expect(try MaskFile.read(bare, matrix: grid, axes: .partitionsFirst) == [square])
    #expect(try MaskFile.read(bare, axes: .linesFirst)[0][line: 4, partition: 1])
    // Those with a sidecar say it themselves, and of a symmetric one there is nothing to ask.
    let own = folder.path("own.npy")
    try MaskFile.write([square], to: own, source: "test")
    #expect(try MaskFile.read(own, matrix: grid) == [square])
    #expect(try MaskSidecar(ofMaskAt: own).axes == "kz,ky")
    square[line: 4, partition: 1] = true
    square[line: 3, partition: 2] = true
    try NumPyMask.data([square]).write(to: URL(filePath: bare))
    #expect(try MaskFile.read(bare) == [square])
  }

  @Test("files that say their axes are asked for no others", arguments: ["csv", "cfl"])
  func idleAxes(format: String) throws {
    let folder = try TemporaryDirectory()
    let path = folder.path("m.\(format)")
    try MaskFile.write(Self.recipe().masks(), to: path)
    let error = try #require(throws: SamplingError.self) { try MaskFile.read(path, axes: .linesFirst) }
    #expect(error.description.contains("`maskAxes: ky,kz` is for .npy arrays"))
  }

  @Test("NumPy reads and writes the same masks", .enabled(if: Python.isAvailable, "\(Python.absence)"))
  func numpy() throws {
    let folder = try TemporaryDirectory()
    let masks = try Self.recipe(.complementary(echoes: 2)).masks()
    try MaskFile.write(masks, to: folder.path("ours.npy"))
    let counts = try Python.run(
      """
      import sys, numpy as np
      m = np.load(sys.argv[1] + '/ours.npy')
      assert m.dtype == bool and m.shape == (2, 34, 61), (m.dtype, m.shape)
      for t in ['u1', '<i4', '>i2', '<f4', '>f8', '<c8', '<f2']:
          np.save(f'{sys.argv[1]}/{t[-2:]}.npy', m.astype(t) * (-1 if t[-2] in 'fc' else 1))
      np.save(sys.argv[1] + '/fortran.npy', np.asfortranarray(m))
      np.save(sys.argv[1] + '/single.npy', m[1])
      print(m[0].sum(), m[1].sum())
      """, folder.url.path)
    #expect(counts == "\(masks[0].acquiredCount) \(masks[1].acquiredCount)\n")
    // The floats hold -0.0 where nothing was acquired.
    for name in ["u1", "i4", "i2", "f4", "f8", "c8", "f2", "fortran"] {
      #expect(try MaskFile.read(folder.path("\(name).npy")) == masks, "\(name)")
    }
    #expect(try MaskFile.read(folder.path("single.npy")) == [masks[1]])
  }

  @Test(
    "BART's own mask is read, and its axes are ours",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func bart() throws {
    let path = SharedData.path("reference/poisson_y2.0_z2.0_s11.cfl")
    let mask = try #require(try MaskFile.read(path).first)
    #expect(mask.extent == GridExtent(lines: 230, partitions: 180))
    // `poisson` said 3.85 for this file.
    #expect(abs(try #require(mask.acceleration()) - 3.85) < 0.005)
  }

  @Test("rows of a list of positions come in the order of acquisition")
  func order() throws {
    let folder = try TemporaryDirectory()
    let mask = SamplingMask(lines: 2, partitions: 3)
    func rows(_ order: AcquisitionOrder) throws -> [String] {
      try MaskFile.write([mask], to: folder.path("m.csv"), order: order)
      let text = try String(contentsOfFile: folder.path("m.csv"), encoding: .utf8)
      return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
    }
    #expect(try rows(.linear) == ["ky,kz", "0,0", "0,1", "0,2", "1,2", "1,1", "1,0"])
    // The centre is (1, 1); kz spans 3 positions, ky 2, so one step along kz is the shorter one.
    #expect(try rows(.centerOut) == ["ky,kz", "1,1", "1,0", "1,2", "0,1", "0,0", "0,2"])
  }

  @Test("a list from elsewhere needs the extents of the grid")
  func foreignList() throws {
    let folder = try TemporaryDirectory()
    try "kz, ky\n1, 2\n0, 1\n".write(toFile: folder.path("m.csv"), atomically: true, encoding: .utf8)
    #expect(throws: SamplingError.self) { try MaskFile.read(folder.path("m.csv")) }
    let mask = try MaskFile.read(folder.path("m.csv"), matrix: GridExtent(lines: 4, partitions: 3))[0]
    #expect(mask[line: 2, partition: 1] && mask[line: 1, partition: 0] && mask.acquiredCount == 2)
  }

  @Test("a picture is a picture of the mask", .enabled(if: Python.isAvailable, "\(Python.absence)"))
  func picture() throws {
    let masks = try Self.recipe(.complementary(echoes: 2)).masks()
    let picture = MaskFile.picture(masks)
    #expect(picture.shape == [2 * 34 * 8 + 4, 61 * 8])
    #expect(picture.elements.count { $0 == 255 } == 64 * (masks[0].acquiredCount + masks[1].acquiredCount))
    let folder = try TemporaryDirectory()
    try MaskFile.write(masks, to: folder.path("m.png"))
    #expect(FileManager.default.fileExists(atPath: folder.path("m.json")))
  }

  @Test("files that hold no usable mask are refused by name")
  func badFiles() throws {
    let folder = try TemporaryDirectory()
    let mask = try Self.recipe().masks()[0]
    func message(_ path: String, matrix: GridExtent? = nil) -> String {
      do {
        _ = try MaskFile.read(path, matrix: matrix)
        return "no error"
      } catch {
        return error.description
      }
    }
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
      try Data(bytes).write(to: URL(filePath: folder.path(name)))
      return folder.path(name)
    }
    #expect(message(folder.path("absent.npy")).contains("no such file"))
    #expect(message(folder.path("absent.csv")).contains("no such file"))
    #expect(message(folder.path("absent.cfl")).contains("no such file"))
    #expect(message(folder.path("mask.txt")).contains(".npy, .cfl or .csv"))
    #expect(message(try write("empty.npy", [])).contains("not a .npy file"))
    #expect(message(try write("text.npy", Array("kspace is not numpy".utf8))).contains("not a .npy file"))

    try MaskFile.write([mask], to: folder.path("good.npy"))
    let good = [UInt8](try Data(contentsOf: URL(filePath: folder.path("good.npy"))))
    let short = message(try write("short.npy", Array(good.dropLast(7))))
    #expect(short.contains("\(61 * 34 - 7)") && short.contains("\(61 * 34)"))
    #expect(message(try write("cut.npy", Array(good.prefix(40)))).contains("within its header"))
    let header = String(decoding: good.prefix(128), as: UTF8.self)
    #expect(header.contains("(34, 61)"))
    func altered(_ old: String, _ new: String) throws -> String {
      var bytes = good
      let range = try #require(bytes.firstRange(of: Array(old.utf8)))
      bytes.replaceSubrange(range, with: Array(new.utf8))
      return try write("altered.npy", bytes)
    }
    #expect(message(try altered("(34, 61)", "(34,6.1)")).contains("whole numbers"))
    #expect(message(try altered("(34, 61)", "(2074, )")).contains("[2074]"))
    #expect(message(try altered("(34, 61)", "(-4, 61)")).contains("[-4, 61]"))
    #expect(message(try altered("|b1", "|O8")).contains("|O8"))

    let wrong = message(folder.path("good.npy"), matrix: GridExtent(lines: 35, partitions: 61))
    #expect(wrong.contains("61x34") && wrong.contains("35x61"))
    try NumPyFile.write(NDArray(repeating: false, shape: [4, 6]), to: folder.path("none.npy"))
    #expect(message(folder.path("none.npy")).contains("0 samples"))
    var cornered = NDArray(repeating: false, shape: [4, 6])
    cornered[0, 0] = true
    try NumPyFile.write(cornered, to: folder.path("corner.npy"))
    #expect(message(folder.path("corner.npy")).contains("line 3, partition 2"))

    for (rows, word) in [
      ("a,b\n1,2\n", "a,b"), ("ky,kz\n1\n", "\"1\""), ("ky,kz\n1,x\n", "1,x"), ("ky,kz\n9,0\n", "outside"),
      ("ky,kz\n0,-1\n", "outside"), ("ky,kz\n", "0 samples"),
    ] {
      let path = try write("bad.csv", Array("# grid 4x3\n\(rows)".utf8))
      #expect(message(path).contains(word), "\(rows)")
    }
    #expect(message(try write("huge.csv", Array("# grid 99999x99999\nky,kz\n1,1\n".utf8))).contains("99999"))
    let volume = NDArray(repeating: Complex<Float>(1, 0), shape: [1, 2, 3, 4, 5])
    try CFLFile.writeScan(volume, to: folder.path("scan.cfl"))
    #expect(message(folder.path("scan.cfl")).contains("2 channels"))
  }

  @Test("the committed masks are what their recipes make, and the index lists them")
  func committedMasks() throws {
    let folder = SharedData.packageRoot.appending(path: "SamplingMasks").path
    let index = try MaskIndex(ofFolder: folder)
    #expect(index == (try MaskIndex(readingFolder: folder)))
    #expect(index.entries.count >= 15)
    for matrix in ["300x80", "300x72", "256x72"] {
      for acceleration in [3.0, 4, 5] {
        #expect(
          index.entries.contains {
            $0.grid.description == matrix
              && $0.masks.contains { abs($0.gridAcceleration - acceleration) < 1e-3 }
          }, "\(matrix) AF \(acceleration)")
      }
    }
  }
}
