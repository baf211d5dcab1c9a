import Foundation
import KSpaceToolkit
import TestSupport
import Testing

struct EchoPlanarCommandTests {
  @Test("An echo-planar phantom is described, reconstructed and mapped like any other scan")
  func wholeWay() throws {
    let head = try SmallScan(
      "head.h5", "--sequence", "epi", "--train-length", "16", "--matrix", "40x48x16", "--voxel-size",
      "5x5x8mm")
    let info = try head.run("info", "head.h5")
    #expect(info.status == 0)
    #expect(info.output.contains("readout mixed (echo-planar)"))
    #expect(info.output.contains("navigators") && !info.output.contains("WARNING"), "\(info.output)")
    let images = try head.run("reconstruct", "head.h5", "-o", "head")
    #expect(images.status == 0 && !images.errors.contains("warning"), "\(images.errors)")
    let map = try head.run("qsm", "head", "-o", "qsm", "--mask", "head_truth/mask.nii.gz")
    #expect(map.status == 0, "\(map.errors)")
    let median = try Self.medianError(
      head.folder.path("head/sub-01/anat"), truth: head.folder.path("head_truth"))
    #expect(median < 1)
  }

  /// The median error of the field over the brain [Hz], after the periods of the map.
  private static func medianError(_ folder: String, truth: String) throws -> Double {
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: folder).first {
        $0.contains("fieldmap.nii.gz") && !$0.contains("noise")
      })
    let map = try NIfTIFile(at: "\(folder)/\(name)").volumes(scaling: .applied)[0].elements,
      field = try NIfTIFile(at: "\(truth)/field.nii.gz").volumes(scaling: .applied)[0].elements
    let mask = try NIfTIFile(at: "\(truth)/mask.nii.gz").volumes(scaling: .applied)[0].elements
    let errors = mask.indices.filter { mask[$0] > 0 }.map { abs(Double(map[$0] - field[$0])) }.sorted()
    return errors[errors.count / 2]
  }

  @Test("Undersampling keeps navigators, and what is left is corrected")
  func undersampled() throws {
    let head = try SmallScan(
      "head.h5", "--sequence", "epi", "--matrix", "40x48x16", "--voxel-size", "5x5x8mm")
    #expect(
      try head.run("undersample", "head.h5", "--acceleration", "2", "--calibration", "12x8", "-o", "af2.h5")
        .status == 0)
    let result = try head.run("reconstruct", "af2.h5", "-o", "af2")
    #expect(result.status == 0 && result.errors.contains("l1-sense"), "\(result.errors)")
  }

  @Test("Options of another sequence are refused")
  func usage() throws {
    let folder = try TemporaryDirectory()
    for options in [
      ["--train-length", "8"], ["--sequence", "epi", "--cohort", "2"],
      ["--sequence", "epi", "--train-length", "0"],
    ] {
      #expect(try Command.run(["phantom", "-o", folder.path("x.h5")] + options).status == 2)
    }
  }
}
