import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// `--atlas`: the values of nuclei from a scan alone.
@Suite struct AtlasTests {
  private static let isInstalled = Elastix() != nil

  @Test(
    "An atlas of another head finds the nuclei of a scan, and their values are nearly those of true labels",
    .enabled(if: isInstalled, "elastix is not installed"))
  func regions() throws {
    let scene = try QSMScene()
    try scene.write()
    let atlas = try AtlasScene(in: scene.folder)
    let result = try scene.run(
      "--phase", "phase.nii.gz", "--magnitude", "mag.nii.gz", "-o", "out", "--mask", scene.mask,
      "--echo-times", "4ms,8ms,12ms,16ms", "--field-strength", "3T", "--phase-sign", "positive",
      "--atlas", atlas.folder)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("putamen"))
    let found = try scene.map("out", "sub-01/anat/sub-01_desc-atlas_dseg.nii.gz")
    let truth = try scene.truth("labels"), chi = try scene.map("out")
    let nuclei = AtlasScene.nuclei.map { Float($0.rawValue) }
    let overlaps = nuclei.map { overlap(found, truth, of: $0) }
    // Voxels of 45 mm^3: the smallest nuclei have a dozen of them.
    #expect(overlaps.reduce(0, +) / Double(overlaps.count) > 0.6, "\(overlaps)")
    #expect(overlaps.allSatisfy { $0 > 0.2 }, "\(overlaps)")
    func mean(_ labels: [Float], _ label: Float) -> Double {
      let values = zip(labels, chi).filter { $0 == label && $1 != 0 }.map { Double($1) }
      return values.reduce(0, +) / Double(values.count)
    }
    let errors = nuclei.map { 1000 * (mean(found, $0) - mean(truth, $0)) }
    #expect((errors.map { $0 * $0 }.reduce(0, +) / Double(errors.count)).squareRoot() < 20, "\(errors)")
    // The table says what the files do.
    let table = try Table(
      at: scene.folder.path("out/regions.tsv"), needing: ["region", "mean_ppm", "voxels"])
    let putamen = try #require(table.rows.first { $0["region"] == "putamen" })
    let stated = try #require(putamen["mean_ppm"].flatMap(Double.init))
    #expect(abs(stated - mean(found, Float(Tissue.putamen.rawValue))) < 1e-6)
    let names = try RegionNames(at: scene.folder.path("out/sub-01/anat/sub-01_desc-atlas_dseg.tsv"))
    #expect(names[Int(Tissue.redNucleus.rawValue)] == "redNucleus")
    #expect(FileManager.default.fileExists(atPath: scene.folder.path("out/figures/atlas.png")))
    let record = try String(contentsOfFile: scene.folder.path("out/provenance.json"), encoding: .utf8)
    #expect(record.contains("atlas registration") && record.contains("tpl-head_dseg.tsv"))
  }

  @Test(
    "A BIDS App brings an atlas onto every scan, and its group's table has the regions of all",
    .enabled(if: isInstalled, "elastix is not installed"))
  func group() throws {
    let scene = try QSMScene()
    try scene.writeBIDS { ["MagneticFieldStrength": 3, "EchoTime": scene.echoTimes[$0]] }
    try Data("{\"Name\": \"x\", \"BIDSVersion\": \"1.10.0\"}".utf8).write(
      to: URL(filePath: scene.folder.path("bids/dataset_description.json")))
    let atlas = try AtlasScene(in: scene.folder)
    func app(_ more: String...) throws -> ExternalProcess.Result {
      try Command.run(["bids", "bids", "derivatives"] + more, in: scene.folder)
    }
    let made = try app("participant", "--phase-sign", "positive", "--atlas", atlas.folder)
    #expect(made.status == 0, "\(made.errors)")
    #expect(try app("group").status == 0)
    let own = try Table(
      at: scene.folder.path("derivatives/sub-7/regions.tsv"), needing: ["region", "mean_ppm"])
    let all = try Table(
      at: scene.folder.path("derivatives/group_regions.tsv"),
      needing: ["participant_id", "session_id", "region", "mean_ppm", "sd_ppm", "voxels"])
    #expect(all.rows.count == own.rows.count && own.rows.contains { $0["region"] == "putamen" })
    #expect(all.rows.map { $0["mean_ppm"] } == own.rows.map { $0["mean_ppm"] })
    #expect(all.rows.allSatisfy { $0["participant_id"] == "sub-7" && $0["session_id"] == "n/a" })
    // A table of regions that no scan has any more would tell of other maps.
    try FileManager.default.removeItem(atPath: scene.folder.path("derivatives/sub-7/regions.tsv"))
    #expect(try app("group").status == 0)
    #expect(!FileManager.default.fileExists(atPath: scene.folder.path("derivatives/group_regions.tsv")))
    // Maps without regions are those of other choices.
    let other = try app("participant", "--phase-sign", "positive")
    #expect(other.status == 4 && other.errors.contains("--force"), "\(other.errors)")
  }

  @Test(
    "An atlas whose header lies is refused rather than averaged",
    .enabled(if: isInstalled, "elastix is not installed"))
  func misfit() throws {
    let scene = try QSMScene()
    try scene.write()
    let atlas = try AtlasScene(in: scene.folder, flipped: true)
    let result = try scene.runFast("out", "--atlas", atlas.folder)
    #expect(
      result.status == 3 && result.errors.contains("does not fit") && result.errors.contains("--atlas"),
      "\(result.errors)")
    #expect(!FileManager.default.fileExists(atPath: scene.folder.path("out")))
  }

  @Test(
    "A study takes an atlas's regions, finds them once, and is the same to the last byte when it goes on",
    .enabled(if: isInstalled, "elastix is not installed"))
  func study() throws {
    let scene = try QSMScene(), atlas = try AtlasScene(in: scene.folder)
    func study() throws -> [String: Data] {
      let result = try Command.run(
        [
          "study", scene.head.path("head.h5"), "-o", "study", "--methods", "grappa", "--accelerations", "2",
          "--mask", scene.mask, "--atlas", atlas.folder,
        ], in: scene.folder)
      #expect(result.status == 0 && result.output.contains("was brought onto the scan"), "\(result.errors)")
      return try SmallScan.content(of: scene.folder, "study")
    }
    let first = try study()
    let table = try Table(
      at: scene.folder.path("study/regions.tsv"), needing: ["cell", "region", "mean_ppm"])
    #expect(table.rows.count == 2 * AtlasScene.nuclei.count)
    #expect(first["atlas/labels.png"] != nil && first["atlas/labels.tsv"] != nil)
    let found =
      try FileManager.default.attributesOfItem(
        atPath: scene.folder.path("study/atlas/labels.nii.gz"))[.modificationDate] as? Date
    #expect(try study() == first)
    let kept =
      try FileManager.default.attributesOfItem(
        atPath: scene.folder.path("study/atlas/labels.nii.gz"))[.modificationDate] as? Date
    #expect(found == kept)
  }

  @Test("Without elastix, the command says what to install before it computes anything")
  func absent() throws {
    let scene = try QSMScene(), atlas = try AtlasScene(in: scene.folder)
    try scene.write()
    let result = try ExternalProcess.result(
      "/usr/bin/env",
      [
        "PATH=/nowhere", Command.path, "qsm", "--phase", "phase.nii.gz", "-o", "out", "--echo-times",
        "4ms,8ms,12ms,16ms", "--field-strength", "3T", "--atlas", atlas.folder,
      ], directory: scene.folder)
    #expect(result.status == 3 && result.errors.contains("apt-get install elastix"), "\(result.errors)")
  }

  @Test("An atlas needs a magnitude, and a place")
  func scan() throws {
    let scene = try QSMScene(), atlas = try AtlasScene(in: scene.folder)
    try scene.write()
    let arguments = ["-o", "out", "--echo-times", "4ms,8ms,12ms,16ms", "--field-strength", "3T", "--mask"]
    guard Self.isInstalled else { return }
    let result = try scene.run(
      ["--phase", "phase.nii.gz", "--atlas", atlas.folder] + arguments + [scene.mask])
    #expect(result.status == 3 && result.errors.contains("--magnitude"), "\(result.errors)")
  }

  @Test(
    "Atlases that do not fit together are refused with what is wrong and where",
    arguments: [
      "no folder", "no image", "two images", "two labels", "no labels", "no names", "nameless", "empty",
      "fractions",
      "grid", "volumes", "mask",
    ])
  func badFiles(_ fault: String) throws {
    let directory = try TemporaryDirectory(), folder = directory.path("atlas")
    let geometry = Geometry(matrix: Extents(x: 6, y: 7, z: 5), voxelSize: [2e-3, 2e-3, 2e-3])
    func volume(_ value: (Int) -> Float) -> ImageVolumes<Float> {
      ImageVolumes(NDArray((0..<210).map(value), shape: [5, 7, 6]), geometry: geometry)
    }
    func write(_ volume: ImageVolumes<Float>, _ name: String) throws {
      try NIfTIFile.write(volume, to: "\(folder)/\(name)")
    }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try write(volume { Float($0 % 17) }, "a_T1w.nii.gz")
    try write(volume { Float($0 / 60) }, "a_dseg.nii.gz")
    try AtomicFile.write("index\tname\n1\tPu_LH\n2\tCa_LH\n", to: "\(folder)/a_dseg.tsv")
    let good = try Atlas(folder: folder)
    // The third label has no name.
    #expect(good.labels.regions == ["Pu_LH", "Ca_LH"] && good.contrast == "T1w")
    var words: [String], path = folder
    switch fault {
    case "no folder": (path, words) = (folder + "s", ["atlass", "cannot be read"])
    case "no image":
      try FileManager.default.removeItem(atPath: "\(folder)/a_T1w.nii.gz")
      words = ["no image", "T1w"]
    case "two images":
      try write(volume { Float($0) }, "T2starw.nii")
      words = ["T1w, T2starw"]
    case "two labels":
      try write(volume { Float($0) }, "b_dseg.nii")
      words = ["a_dseg.nii.gz, b_dseg.nii"]
    case "no labels":
      try FileManager.default.removeItem(atPath: "\(folder)/a_dseg.nii.gz")
      words = ["no labels", "dseg.nii.gz"]
    case "no names":
      try FileManager.default.removeItem(atPath: "\(folder)/a_dseg.tsv")
      words = ["name its labels", "dseg.tsv"]
    case "nameless":
      try AtomicFile.write("index\tname\n11\tPu_LH\n", to: "\(folder)/a_dseg.tsv")
      words = ["none of the labels", "a_dseg.tsv", "1, 2, 3"]
    case "empty":
      try write(volume { _ in 0 }, "a_dseg.nii.gz")
      words = ["zero everywhere", "a_dseg.nii.gz"]
    case "fractions":
      try write(volume { Float($0) / 60 }, "a_dseg.nii.gz")
      words = ["whole numbers", "a_dseg.nii.gz"]
    case "grid":
      var other = volume { Float($0 / 60) }
      other.geometry.center.x = 0.01
      try write(other, "a_dseg.nii.gz")
      words = ["does not lie on the voxels", "a_T1w.nii.gz", "one grid"]
    case "volumes":
      let twice = NDArray((0..<420).map { Float($0 % 3) }, shape: [2, 5, 7, 6])
      try write(ImageVolumes(twice, geometry: geometry), "a_dseg.nii.gz")
      words = ["2 volumes", "a_dseg.nii.gz"]
    default:
      try write(volume { _ in 0 }, "a_mask.nii.gz")
      words = ["brain of the atlas is empty", "a_mask.nii.gz"]
    }
    let error = #expect(throws: InputError.self) { try Atlas(folder: path) }
    for word in words { #expect(error?.description.contains(word) == true, "\(error?.description ?? "")") }
  }

  @Test("Options that contradict an atlas are refused")
  func usage() throws {
    for (arguments, word) in [
      (["qsm", "--qsm-ci", "in", "-o", "out", "--atlas", "a"], "--atlas"),
      (["study", "a.h5", "-o", "out", "--atlas", "a", "--labels", "b.nii"], "--labels"),
      (["study", "a.h5", "-o", "out", "--atlas", "a", "--no-susceptibility"], "--no-susceptibility"),
      (["study", "a.h5", "-o", "out", "--labels", "a.nii", "--no-susceptibility"], "--labels"),
      (["study", "a.h5", "-o", "out", "--truth", "a.nii", "--no-susceptibility"], "--truth"),
      (["study", "--cohort", "a", "-o", "out", "--atlas", "a"], "--cohort"),
    ] {
      let result = try Command.run(arguments)
      #expect(result.status == 2 && result.errors.contains(word), "\(result.errors)")
    }
  }
}
