import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// A raw file, the command's two steps, the study and the library: all ways to one susceptibility give the same bits.
struct OneWayTests {
  /// A scan of a tilted head, whose voxel sizes and directions no file holds exactly.
  private static let scan = Result {
    let folder = try TemporaryDirectory()
    let result = try Command.run(
      [
        "phantom", "-o", "head.h5", "--matrix", "40x50x24", "--voxel-size", "4.7x4.7x6.3mm", "--channels",
        "4",
        "--echoes", "3", "--tilt", "17deg", "--seed", "5",
      ], in: folder)
    guard result.status == 0 else { throw ProcessFailure(description: result.errors, status: result.status) }
    return folder
  }

  private let folder: TemporaryDirectory

  init() throws { folder = try Self.scan.get() }

  private func run(_ arguments: String...) throws {
    let result = try Command.run(arguments, in: folder)
    guard result.status == 0 else {
      throw ProcessFailure(description: "\(arguments): \(result.errors)", status: result.status)
    }
  }

  private func voxels(_ path: String) throws -> [UInt32] {
    try NIfTIFile(at: folder.path(path)).volumes(scaling: .applied).voxels.elements.map(\.bitPattern)
  }

  @Test func `Study, commands and library agree in every bit, for a complete and an undersampled scan`()
    throws
  {
    let mask = "head_truth/mask.nii.gz"
    try run(
      "undersample", "head.h5", "--acceleration", "2", "--calibration", "12x12", "--seed", "3", "-o", "af2.h5"
    )
    for (name, method, reconstruction) in [
      ("head", "zero-filled", ZeroFilled() as any Reconstruction), ("af2", "grappa", GRAPPA()),
    ] {
      try run("reconstruct", "\(name).h5", "-o", name, "--method", method)
      try run("qsm", name, "-o", "\(name)-qsm", "--mask", mask)
      try run(
        "study", "\(name).h5", "-o", "\(name)-study", "--methods", "grappa", "--prospective", "af2.h5",
        "--no-registration", "--mask", mask, "--reference", method)
      let commands = try voxels("\(name)-qsm/sub-01/anat/sub-01_Chimap.nii.gz")
      #expect(commands.count { $0 << 1 != 0 } > 1000)
      #expect(try voxels("\(name)-study/cells/\(method)-as-measured/susceptibility.nii.gz") == commands)

      let scan = try SliceStack(MRDFile(at: folder.path("\(name).h5")))
      let maps = EchoMaps(try Pipeline(reconstruction, then: MDI())(scan))
      let brain = try BrainMask(at: folder.path(mask), on: maps.geometry)
      let result = try SusceptibilityMapping()(maps, mask: brain)
      #expect(result.susceptibility.voxels.elements.map(\.bitPattern) == commands)

      // The command's own way, in the library.
      var options = ReconstructionOptions(), choices = SusceptibilityOptions()
      options.method = ReconstructionMethod(rawValue: method)
      choices.mask = folder.path(mask)
      let first = try ReconstructionRun(of: MRDFile(at: folder.path("\(name).h5")), options: options)
      try first(first.read(), writingTo: folder.path("\(name)-run"))
      let second = try SusceptibilityRun(
        of: ImageSource(folder: folder.path("\(name)-run")), options: choices)
      try second.write(second.map(second.read()), to: folder.path("\(name)-maps"))
      #expect(try voxels("\(name)-maps/sub-01/anat/sub-01_Chimap.nii.gz") == commands)
    }
  }

  @Test func `Without a mask they agree as well`() throws {
    try run("reconstruct", "head.h5", "-o", "free")
    try run("qsm", "free", "-o", "free-qsm")
    try run(
      "study", "head.h5", "-o", "free-study", "--methods", "zero-filled", "--accelerations", "4",
      "--calibration", "8x8")
    let commands = try voxels("free-qsm/sub-01/anat/sub-01_Chimap.nii.gz")
    #expect(try voxels("free-study/cells/zero-filled-as-measured/susceptibility.nii.gz") == commands)
  }

  @Test func `A subject of a cohort is mapped like a scan of its own`() throws {
    let mask = "head_truth/mask.nii.gz", labels = "head_truth/labels.nii.gz"
    try run("reconstruct", "head.h5", "-o", "single")
    try run("qsm", "single", "-o", "single-qsm", "--mask", mask)
    for copy in ["b", "c"] {
      try FileManager.default.copyItem(atPath: folder.path("head.h5"), toPath: folder.path("\(copy).h5"))
    }
    try Data("index\tname\n4\twhite\n5\tgrey\n".utf8).write(
      to: folder.url.appending(path: "nuclei.tsv"))
    let lines = [("a", "head"), ("b", "b"), ("c", "c")].map {
      "sub-\($0)\t40\t\($1).h5\t\(labels)\t\(mask)\n"
    }
    try Data(("participant_id\tage\tfile\tlabels\tmask\n" + lines.joined()).utf8).write(
      to: folder.url.appending(path: "subjects.tsv"))
    try run(
      "study", "--cohort", "subjects.tsv", "-o", "group", "--methods", "zero-filled", "--accelerations", "2",
      "--calibration", "8x8", "--label-names", "nuclei.tsv")
    #expect(
      try voxels("group/subjects/sub-a/cells/zero-filled-as-measured/susceptibility.nii.gz")
        == voxels("single-qsm/sub-01/anat/sub-01_Chimap.nii.gz"))
  }
}
