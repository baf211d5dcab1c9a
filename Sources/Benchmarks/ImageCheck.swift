import Foundation
import KSpaceToolkit

/// How near an accelerated scan's `kspace reconstruct` comes to that of the complete scan, and its field to the truth.
///
/// ```
/// kspace phantom --matrix 96x116x36 --voxel-size 2x2x4mm -o head.h5
/// kspace undersample head.h5 --acceleration 4 --calibration 16x16 --seed 3 -o fast.h5
/// kspace reconstruct head.h5 -o complete
/// kspace reconstruct fast.h5 -o fast --method grappa
/// Benchmarks images fast complete head_truth
/// ```
///
/// Prints the relative error of all echoes' magnitudes over the brain, and the error of MDI's field, up to whole periods.
func checkImages(reconstruction: String, complete: String, truth: String) throws {
  let folder = try ReconstructedFolder(reconstruction), reference = try ReconstructedFolder(complete)
  let brain = try ReconstructedFolder.values("\(truth)/mask.nii.gz").map { $0 != 0 }
  var (difference, power): (Double, Double) = (0, 0)
  for (image, other) in zip(try folder.magnitudes, try reference.magnitudes) {
    for voxel in brain.indices where brain[voxel] {
      let deviation = Double(image[voxel] - other[voxel])
      difference += deviation * deviation
      power += Double(other[voxel]) * Double(other[voxel])
    }
  }
  let errors = try folder.fieldErrors(ReconstructedFolder.values("\(truth)/field.nii.gz"), within: brain)
  print(
    String(
      format: "magnitude NRMSE %.3f; field error median %.2f Hz, 95th percentile %.1f Hz",
      (difference / power).squareRoot(), errors[errors.count / 2], errors[errors.count * 95 / 100]))
}

/// What `kspace reconstruct` wrote.
struct ReconstructedFolder {
  private let path: String
  private let names: [String]

  init(_ path: String) throws {
    self.path = path
    names = try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
  }

  /// The first file whose name ends so.
  func file(endingIn end: String) throws -> String {
    guard let name = names.first(where: { $0.hasSuffix(end) }) else {
      throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: "\(path)/*\(end)"])
    }
    return "\(path)/\(name)"
  }

  /// The magnitudes of the combined echoes.
  var magnitudes: [[Float]] {
    get throws {
      try names.filter { $0.hasSuffix("_part-mag_MEGRE.nii.gz") && !$0.contains("_coil-") }
        .map { try Self.values("\(path)/\($0)") }
    }
  }

  /// The absolute errors of MDI's field up to whole periods, ascending [Hz].
  func fieldErrors(_ truth: [Float], within mask: [Bool]) throws -> [Double] {
    let path = try file(endingIn: "_desc-wrapped_fieldmap.nii.gz")
    let field = try Self.values(path)
    guard case .number(let period)? = try Self.sidecar(of: path).extra["FieldPeriod"] else {
      throw CocoaError(.fileReadCorruptFile, userInfo: [NSFilePathErrorKey: path])
    }
    return mask.indices.filter { mask[$0] }.map { voxel in
      let error = Double(field[voxel] - truth[voxel])
      return abs(error - period * (error / period).rounded())
    }.sorted()
  }

  /// The imaging frequency [MHz].
  var imagingFrequency: Double {
    get throws {
      let path = try file(endingIn: "_desc-wrapped_fieldmap.nii.gz")
      guard let frequency = try Self.sidecar(of: path).imagingFrequency else {
        throw CocoaError(.fileReadCorruptFile, userInfo: [NSFilePathErrorKey: path])
      }
      return frequency
    }
  }

  private static func sidecar(of path: String) throws -> Sidecar {
    try Sidecar(at: String(path.dropLast(7)) + ".json")
  }

  /// The voxels of a volume.
  static func values(_ path: String) throws -> [Float] {
    try NIfTIFile(at: path).volumes(scaling: .applied).voxels.elements
  }
}
