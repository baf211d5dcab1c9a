import Foundation
import ImageFiles
import MRIData
import NDArrays
import QSM
import TestSupport

/// The 2016 QSM reconstruction challenge: a real local field, with susceptibility from twelve orientations as truth.
struct ChallengeData {
  let field: ImageVolumes<Float>
  let truth: ImageVolumes<Float>
  let mask: ImageVolumes<UInt8>

  static let isPresent = FileManager.default.fileExists(atPath: SharedData.path("qsm2016/msk.nii.gz"))

  init() throws {
    func read(_ name: String) throws -> ImageVolumes<Float> {
      try NIfTIFile(at: SharedData.path("qsm2016/\(name).nii.gz")).volumes(scaling: .applied)
    }
    truth = try read("chi_cosmos")
    mask = try read("msk").map { $0 > 0 ? 1 : 0 }
    // Parts per million are Hz at a field strength where one is the other.
    field = try read("phs_tissue")
  }

  /// The field, known everywhere, as the published scores take it: it ends a few voxels outside the mask.
  var measurement: FieldMeasurement {
    FieldMeasurement(
      field: field, mask: mask.map { _ in 1 }, fieldStrength: Self.unitFieldStrength)
  }

  /// The field in the mask only, as a user would give it.
  var maskedMeasurement: FieldMeasurement {
    FieldMeasurement(field: field, mask: mask, fieldStrength: Self.unitFieldStrength)
  }

  /// The field strength at which 1 Hz is 1 ppm.
  static let unitFieldStrength = 1e6 / ScanParameters.protonGyromagneticRatio

  /// XSIM, and the NRMSE in percent, against the truth; both without the means over the mask.
  func scores(of susceptibility: ImageVolumes<Float>) -> (xsim: Double, nrmse: Double) {
    let (values, expected) = (demeaned(susceptibility), demeaned(truth))
    var square = 0.0, norm = 0.0
    for (value, expected) in zip(values, expected) {
      square += (value - expected) * (value - expected)
      norm += expected * expected
    }
    return (xsim(values, expected), 100 * (square / norm).squareRoot())
  }

  /// The slope of a map over the truth, by least squares over the mask.
  func slope(of susceptibility: ImageVolumes<Float>) -> Double {
    let (values, expected) = (demeaned(susceptibility), demeaned(truth))
    return zip(values, expected).reduce(0) { $0 + $1.0 * $1.1 } / expected.reduce(0) { $0 + $1 * $1 }
  }

  /// Zero outside the mask.
  private func demeaned(_ volume: ImageVolumes<Float>) -> [Double] {
    let (values, inside) = (volume.voxels.elements, mask.voxels.elements)
    var sum = 0.0, count = 0.0
    for index in values.indices where inside[index] != 0 {
      sum += Double(values[index])
      count += 1
    }
    return values.indices.map { inside[$0] != 0 ? Double(values[$0]) - sum / count : 0 }
  }

  /// SSIM over cubes of 5 voxels with `L = 1`, `K1 = 0.01`, `K2 = 0.001`, averaged over the mask.
  private func xsim(_ first: [Double], _ second: [Double]) -> Double {
    let inside = mask.voxels.elements
    func means(_ value: (Int) -> Double) -> [Double] { boxMeans(first.indices.map(value)) }
    let a = means { first[$0] }, b = means { second[$0] }
    let aa = means { first[$0] * first[$0] }, bb = means { second[$0] * second[$0] }
    let ab = means { first[$0] * second[$0] }
    let (c1, c2, unbiased) = (1e-4, 1e-6, 125.0 / 124)
    var sum = 0.0, count = 0.0
    for index in inside.indices where inside[index] != 0 {
      let covariance = unbiased * (ab[index] - a[index] * b[index])
      let variances =
        unbiased * (aa[index] - a[index] * a[index] + bb[index] - b[index] * b[index])
      let luminance = (2 * a[index] * b[index] + c1) / (a[index] * a[index] + b[index] * b[index] + c1)
      sum += luminance * (2 * covariance + c2) / (variances + c2)
      count += 1
    }
    return sum / count
  }

  private func boxMeans(_ values: [Double]) -> [Double] {
    var values = values
    let matrix = mask.geometry.matrix
    for (stride, extent) in [(1, matrix.x), (matrix.x, matrix.y), (matrix.x * matrix.y, matrix.z)] {
      var result = values
      for index in values.indices {
        let position = index / stride % extent
        guard position >= 2, position < extent - 2 else { continue }
        var sum = values[index]
        for step in 1...2 { sum += values[index - step * stride] + values[index + step * stride] }
        result[index] = sum / 5
      }
      values = result
    }
    return values
  }
}
