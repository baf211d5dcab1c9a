import Evaluation
import NDArrays

/// What the scores of a study depend on besides its images; tables print it.
public struct ScoreConventions: Sendable, Equatable, Codable {
  /// The range of susceptibilities for SSIM [ppm]: about that of the brain's tissues.
  public var susceptibilityRange = 0.2
  /// The peak of susceptibilities for PSNR [ppm]: 1, as software takes it for floating-point images.
  public var susceptibilityPeak = 1.0

  /// The usual conventions.
  public init() {}

  /// What they mean, for people.
  public func description(withMaps hasMaps: Bool) -> String {
    """
    All scores count the voxels of one mask, that of the reference. SSIM has Gaussian windows of 1.5 voxels along all \
    axes (MATLAB's borders); its range, and the peak of PSNR, is the largest magnitude of the reference's echo in the \
    mask; echoes are averaged.
    """
      + (hasMaps
        ? """
         For susceptibility (chi), SSIM's range is \(susceptibilityRange.shortest) ppm, PSNR's peak \
        \(susceptibilityPeak.shortest) ppm, NRMSE is taken after removal of the means, and voxels without a map in the \
        reference are left out.
        """ : "")
  }
}
