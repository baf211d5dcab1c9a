import NDArrays

/// The structural similarity of susceptibility maps in ppm, with constants that suit their small values.
///
/// ```
/// SSIM with L = 1 ppm, k1 = 0.01, k2 = 0.001; equal weights in boxes of 5^3 voxels that end at the border
/// ```
///
/// The paper's software weights neighbors by SSIM's Gaussian; the box is that of the public QSM-CI scores, with which
/// these numbers agree. The value is the mean over the mask; voxels outside are seen by windows at its edge.
///
/// - SeeAlso: C. Milovic et al., "XSIM: A structural similarity index measure optimized for MRI QSM", Magn. Reson. Med.
///   93(1):411-421, 2025, doi:10.1002/mrm.30271.
public struct XSIM: ImageMetric {
  private let similarity: SSIM

  /// Describes the metric.
  public init(outside: OutsideMask = .seen) {
    similarity = SSIM(
      dataRange: 1, window: .uniform(width: 5), border: .truncated, k1: 0.01, k2: 0.001, outside: outside)
  }

  /// What tables for programs call it.
  public var key: String { "xsim" }
  /// The metric with the unit that it takes for granted.
  public var name: String { "XSIM (in ppm)" }

  /// The mean over the mask, or over all voxels; maps in ppm.
  public func value(
    of image: NDArray<Float>, against reference: NDArray<Float>, within mask: NDArray<Bool>?
  ) throws(EvaluationError) -> Double {
    try similarity.value(of: image, against: reference, within: mask)
  }

  /// The similarity around every voxel; maps in ppm.
  public func map(
    of image: NDArray<Float>, against reference: NDArray<Float>, within mask: NDArray<Bool>? = nil
  ) throws(EvaluationError) -> NDArray<Float> {
    try similarity.map(of: image, against: reference, within: mask)
  }
}
