import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// `kspace qsm --qsm-ci`: the stage contract of QSM-CI, in and out.
struct QSMContractTests {
  /// A scene with an input folder `in` that holds what a stage is given, and an empty output folder `out`.
  private static func scene(
    _ artifacts: Set<String>, parameters: [String: Any]? = nil
  ) throws -> QSMScene {
    let scene = try QSMScene(), files = FileManager.default
    for name in ["in", "out"] {
      try files.createDirectory(
        at: scene.folder.url.appending(path: name), withIntermediateDirectories: false)
    }
    func path(_ name: String) -> String { scene.folder.path("in/\(name).nii.gz") }
    let phase = try scene.echoes("phase"), hertz = Float(3 * ScanParameters.protonGyromagneticRatio * 1e-6)
    if artifacts.contains("phase") { try NIfTIFile.write(phase, to: path("phase")) }
    if artifacts.contains("magnitude") { try NIfTIFile.write(try scene.echoes("mag"), to: path("magnitude")) }
    if artifacts.contains("mask") { try files.copyItem(atPath: scene.mask, toPath: path("mask")) }
    if artifacts.contains("totalfield") {
      let field = try NIfTIFile(at: scene.head.path("head_truth/field.nii.gz")).volumes(scaling: .applied)
      try NIfTIFile.write(field.map { $0 / hertz }, to: path("totalfield"))
    }
    let direction = phase.geometry.fieldDirection
    let content =
      parameters ?? ["TE": scene.echoTimes, "B0": 3, "B0_dir": [direction.x, direction.y, direction.z]]
    try JSONSerialization.data(withJSONObject: content).write(
      to: scene.folder.url.appending(path: "in/params.json"))
    return scene
  }

  @Test("phase goes in, and total field, local field and susceptibility come out in ppm on the same grid")
  func wholeChain() throws {
    let scene = try Self.scene(["phase", "magnitude", "mask"])
    // The noise map is lost between stages, and with it the weights of the data.
    let result = try scene.run("in", "-o", "out", "--qsm-ci", "--no-data-weights")
    #expect(result.status == 0 && result.output.contains("out/chimap.nii.gz"), "\(result.errors)")
    let total = try scene.map("out", "totalfield.nii.gz"), local = try scene.map("out", "localfield.nii.gz")
    let chi = try scene.map("out", "chimap.nii.gz")
    let field = try scene.truth("field").map { $0 / Float(3 * 42.577_478_518) }
    let same = likeness(total, field)
    #expect(same.correlation > 0.95 && abs(same.slope - 1) < 0.15, "\(same)")
    #expect(likeness(chi, try scene.truth()).correlation > 0.25)
    let header = try NIfTIFile(at: scene.folder.path("out/chimap.nii.gz"))
    #expect(header.geometry.matrix == Extents(x: 64, y: 76, z: 28))

    // The later stages, each given what the one before it wrote, end at the same map.
    for (stage, artifact, values) in [("second", "totalfield", total), ("third", "localfield", local)] {
      let next = try Self.scene(["magnitude", "mask"])
      let geometry = header.geometry
      try NIfTIFile.write(
        ImageVolumes(NDArray(values, shape: geometry.matrix.shape), geometry: geometry),
        to: next.folder.path("in/\(artifact).nii.gz"))
      let result = try next.run("in", "-o", "out", "--qsm-ci", "--no-data-weights")
      #expect(result.status == 0, "\(stage): \(result.errors)")
      let again = likeness(try next.map("out", "chimap.nii.gz"), chi)
      #expect(again.correlation > 0.95 && abs(again.slope - 1) < 0.1, "\(stage): \(again)")
      #expect(
        FileManager.default.fileExists(atPath: next.folder.path("out/localfield.nii.gz"))
          == (stage == "second"))
    }
  }

  @Test("a config.json beside the parameters holds options, and the command line prevails")
  func configuration() throws {
    let scene = try Self.scene(["totalfield", "mask"])
    try Data(#"{"inversion": "tkd", "background": "sharp"}"#.utf8).write(
      to: scene.folder.url.appending(path: "in/config.json"))
    #expect(try scene.run("in", "-o", "out", "--qsm-ci").status == 0)
    let first = try scene.map("out", "chimap.nii.gz")
    let refused = try scene.run("in", "-o", "out", "--qsm-ci")
    #expect(refused.status == 3 && refused.errors.contains("--force"))
    #expect(try scene.run("in", "-o", "out", "--qsm-ci", "--force", "--inversion", "l2").status == 0)
    #expect(try scene.map("out", "chimap.nii.gz") != first)
    #expect(try scene.run("in", "-o", "out", "--qsm-ci", "--force", "--inversion", "tkd").status == 0)
    #expect(try scene.map("out", "chimap.nii.gz") == first)
  }

  @Test("a folder that breaks the contract is refused, and nothing is written")
  func refusals() throws {
    let direction = [0.0, 0, 1]
    let cases: [(Set<String>, [String: Any]?, String)] = [
      ([], nil, "neither phase.nii.gz"), (["totalfield"], nil, "with mask.nii.gz"),
      (["phase", "mask"], ["TE": [4, 8, 12, 16], "B0": 3, "B0_dir": direction], "Write TE in seconds"),
      (["phase", "mask"], ["TE": [0.008, 0.004, 0.012, 0.016], "B0": 3], "do not rise"),
      (["phase", "mask"], ["TE": [0.004], "B0": 3], "1 echo time for 4 echoes"),
      (["phase", "mask"], ["B0": 3], "echo times"), (["phase", "mask"], ["TE": [0.004, 0.008]], "B0 [T]"),
      (
        ["phase", "mask"], ["TE": [0.004, 0.008], "B0": 3, "B0_dir": [0.0, 0]], "params.json: its key B0_dir"
      ),
      (["phase", "mask"], ["TE": [0.004, 0.008], "B0": 3, "B0_dir": [0, 0, 0]], "which is no direction"),
    ]
    for (artifacts, parameters, words) in cases {
      let scene = try Self.scene(artifacts, parameters: parameters)
      let result = try scene.run("in", "-o", "out", "--qsm-ci")
      #expect(result.status == 3 && result.errors.contains(words), "\(words): \(result.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: scene.folder.path("out")).isEmpty)
    }
    let scene = try Self.scene(["totalfield", "mask"])
    try FileManager.default.removeItem(atPath: scene.folder.path("in/params.json"))
    #expect(try scene.run("in", "-o", "out", "--qsm-ci").status == 3)
    #expect(try scene.run("in", "-o", "elsewhere", "--qsm-ci").status == 3)
  }
}
