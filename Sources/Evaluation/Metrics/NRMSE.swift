import NDArrays
import Numerics

/// The root of the summed squared error in parts of the reference's; 0 for equal images.
///
/// ```
/// plain       |a - b| / |b|                            a the image, b the reference, sums over the mask
/// scaled      min over s of |s a - b| / |b|            s complex for complex images
/// demeaned    |a' - b'| / |b'|                         a' = a - mean(a), b' = b - mean(b)
/// detrended   |a' / t - b'| / |b'|                     t the slope of the line a' = t b'
/// ```
///
/// The QSM challenges state the demeaned and the detrended one in percent, 100 times these. A detrended error does not
/// punish a wrong scale, but noise in the image makes it larger than the best scale would.
///
/// - SeeAlso: C. Langkammer et al., "Quantitative susceptibility mapping: Report from the 2016 reconstruction challenge",
///   Magn. Reson. Med. 79(3):1661-1673, 2018, doi:10.1002/mrm.26830.
public struct NRMSE: ImageMetric {
  /// What is taken out before images are compared.
  public enum Form: String, Sendable, CaseIterable {
    /// Nothing.
    case plain
    /// The factor that brings the image nearest to the reference.
    case scaled
    /// The means within the mask.
    case demeaned
    /// The means, and the slope of the image over the reference.
    case detrended
  }

  /// What is taken out before images are compared.
  public let form: Form

  /// Describes the metric.
  public init(_ form: Form = .plain) {
    self.form = form
  }

  /// What tables for programs call it.
  public var key: String { form == .plain ? "nrmse" : "nrmse_\(form.rawValue)" }
  /// The metric with its form.
  public var name: String { form == .plain ? "NRMSE" : "NRMSE, \(form.rawValue)" }

  /// The value for real images.
  public func value(
    of image: NDArray<Float>, against reference: NDArray<Float>, within mask: NDArray<Bool>?
  ) throws(EvaluationError) -> Double {
    try ratio(ComparedVoxels(image, reference, within: mask))
  }

  /// The value for complex images, whose phases must agree as well.
  public func value(
    of image: NDArray<Complex<Float>>, against reference: NDArray<Complex<Float>>,
    within mask: NDArray<Bool>? = nil
  ) throws(EvaluationError) -> Double {
    try ratio(ComparedVoxels(image, reference, within: mask))
  }

  private func ratio<Voxel>(_ voxels: ComparedVoxels<Voxel>) throws(EvaluationError) -> Double {
    let isCentered = form == .demeaned || form == .detrended
    let means = isCentered ? voxels.means : (.zero, .zero)
    let power = voxels.referencePower(around: means.reference)
    // A constant reference keeps a trace of rounding.
    guard power > 1e-24 * voxels.referencePower(), power > 0 else { throw .referenceWithoutContrast }
    var slope = Complex<Double>.one
    switch form {
    case .plain, .demeaned: break
    case .scaled: slope = try voxels.scale()
    case .detrended:
      let trend = voxels.correlation(around: means)
      guard trend.lengthSquared > 1e-24 * power * voxels.imagePower(around: means.image), trend != .zero
      else { throw .imageWithoutContrast }
      // conj(trend) / power is the slope of the image over the reference.
      slope = Complex(power, 0) / trend.conjugate
    }
    let offset = isCentered ? means.reference - slope * means.image : .zero
    return (voxels.squaredError(slope: slope, offset: offset) / power).squareRoot()
  }
}

/// The factor that brings an image nearest to a reference, in the least squares of the voxels that count.
///
/// ```
/// s = sum conj(a) b / sum |a|^2
/// ```
///
/// - Throws: ``EvaluationError`` if voxels that count are not finite, if none counts, or if the image is zero.
public func optimalScale<Voxel: ComparableVoxel>(
  of image: NDArray<Voxel>, to reference: NDArray<Voxel>, within mask: NDArray<Bool>? = nil
) throws(EvaluationError) -> Complex<Double> {
  try ComparedVoxels(image, reference, within: mask).scale()
}

extension ComparedVoxels {
  fileprivate func scale() throws(EvaluationError) -> Complex<Double> {
    let power = imagePower()
    guard power > 0 else { throw .imageWithoutContrast }
    return correlation() / Complex(power, 0)
  }
}
