/// Whose definition of structural similarity.
public enum SimilarityConvention: String, Sendable, CaseIterable {
  /// MATLAB's `ssim`: Gaussian windows of 11 voxels, every voxel counted.
  case matlab
  /// scikit-image's with Wang's Gaussian windows, without the border unless there is a mask.
  case scikitImage = "scikit-image"
  /// scikit-image's defaults slice by slice, as fastMRI scores.
  case fastMRI = "fastmri"

  func similarity(dataRange: Double, outside: OutsideMask) -> SSIM {
    switch self {
    case .matlab: .matlab(dataRange: dataRange, outside: outside)
    case .scikitImage: .scikitImage(dataRange: dataRange, outside: outside)
    case .fastMRI:
      .scikitImage(
        dataRange: dataRange, window: .uniform(width: 7), usesSampleCovariance: true, dimensions: .inPlane,
        outside: outside)
    }
  }
}
