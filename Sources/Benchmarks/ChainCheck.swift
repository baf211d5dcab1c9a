import Foundation
import KSpaceToolkit

/// How near `kspace reconstruct` and `kspace qsm` come to what `kspace phantom` was made of.
///
/// ```
/// kspace phantom --matrix 240x288x72 --voxel-size 0.8x0.8x2mm --channels 32 -o head.h5
/// kspace reconstruct head.h5 -o recon
/// kspace qsm recon -o maps --mask head_truth/mask.nii.gz
/// Benchmarks chain recon maps head_truth
/// ```
///
/// Prints the error of MDI's field over the brain, and the slope of the seven nuclei's mean susceptibility over the true
/// one. A wrapped field is compared up to whole periods.
func checkChain(reconstruction: String, susceptibility: String, truth: String) throws {
  func file(in folder: String, endingIn end: String) throws -> String {
    let paths = try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
    guard let path = paths.first(where: { $0.hasSuffix(end) }) else {
      throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: "\(folder)/*\(end)"])
    }
    return "\(folder)/\(path)"
  }
  func values(_ path: String) throws -> [Float] {
    try NIfTIFile(at: path).volumes(scaling: .applied).voxels.elements
  }
  let mask = try values("\(truth)/mask.nii.gz"), trueField = try values("\(truth)/field.nii.gz")
  let fieldPath = try file(in: reconstruction, endingIn: "_desc-wrapped_fieldmap.nii.gz")
  let field = try values(fieldPath)
  let sidecar = try Sidecar(at: String(fieldPath.dropLast(7)) + ".json")
  guard case .number(let period)? = sidecar.extra["FieldPeriod"], let megahertz = sidecar.imagingFrequency
  else { throw CocoaError(.fileReadCorruptFile, userInfo: [NSFilePathErrorKey: fieldPath]) }
  let errors = mask.indices.filter { mask[$0] != 0 }.map { voxel -> Double in
    let error = Double(field[voxel] - trueField[voxel])
    return abs(error - period * (error / period).rounded()) * 1e3 / megahertz
  }.sorted()
  print(
    String(
      format: "field error over %d voxels of the brain: median %.2f ppb, 95th percentile %.2f ppb",
      errors.count,
      errors[errors.count / 2], errors[errors.count * 95 / 100]))

  let chi = try values(file(in: susceptibility, endingIn: "_Chimap.nii.gz"))
  let trueChi = try values("\(truth)/chi.nii.gz"), labels = try values("\(truth)/labels.nii.gz")
  let points = Tissue.ironRichNuclei.map { nucleus -> SIMD2<Double> in
    let voxels = labels.indices.filter { labels[$0] == Float(nucleus.rawValue) && chi[$0] != 0 }
    let sum = voxels.reduce(SIMD2<Double>.zero) { $0 + [Double(trueChi[$1]), Double(chi[$1])] }
    let mean = sum / Double(voxels.count)
    print(
      String(
        format: "%@: %d voxels, %.1f ppb for %.1f", "\(nucleus)", voxels.count, mean.y * 1e3, mean.x * 1e3))
    return mean
  }
  let mean = points.reduce(.zero, +) / Double(points.count)
  let (products, squares) = points.reduce(into: (0.0, 0.0)) {
    $0.0 += ($1.x - mean.x) * ($1.y - mean.y)
    $0.1 += ($1.x - mean.x) * ($1.x - mean.x)
  }
  print(String(format: "slope over the nuclei: %.3f", products / squares))
}
