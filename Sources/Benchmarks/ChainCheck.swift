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
  typealias Folder = ReconstructedFolder
  let images = try Folder(reconstruction), maps = try Folder(susceptibility)
  let brain = try Folder.values("\(truth)/mask.nii.gz").map { $0 != 0 }
  let scale = 1e3 / (try images.imagingFrequency)
  let errors = try images.fieldErrors(Folder.values("\(truth)/field.nii.gz"), within: brain)
    .map { $0 * scale }
  print(
    String(
      format: "field error over %d voxels of the brain: median %.2f ppb, 95th percentile %.2f ppb",
      errors.count,
      errors[errors.count / 2], errors[errors.count * 95 / 100]))

  let chi = try Folder.values(maps.file(endingIn: "_Chimap.nii.gz"))
  let trueChi = try Folder.values("\(truth)/chi.nii.gz"), labels = try Folder.values("\(truth)/labels.nii.gz")
  let points = Tissue.ironRichNuclei.map { nucleus -> SIMD2<Double> in
    let voxels = labels.indices.filter { labels[$0] == Float(nucleus.rawValue) && chi[$0] != 0 }
    let sum = voxels.reduce(SIMD2<Double>.zero) { $0 + [Double(trueChi[$1]), Double(chi[$1])] }
    let mean = sum / Double(voxels.count)
    print(
      String(
        format: "%@: %d voxels, %.1f ppb for %.1f", "\(nucleus)", voxels.count, mean.y * 1e3, mean.x * 1e3))
    return mean
  }
  let mean = points.reduce(SIMD2<Double>.zero, +) / Double(points.count)
  var products = 0.0, squares = 0.0
  for point in points {
    let deviation = point - mean
    products += deviation.x * deviation.y
    squares += deviation.x * deviation.x
  }
  print(String(format: "slope over the nuclei: %.3f", products / squares))
}
