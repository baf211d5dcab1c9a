extension SSIM {
  /// The structural similarity as MATLAB's `ssim` computes it, and Wang's original in the interior.
  ///
  /// Gaussian windows of standard deviation 1.5 and 11 voxels along each axis, images continued by their outermost
  /// voxels, every voxel counted. MATLAB's own default range is 1 for floating-point images, whatever they hold.
  public static func matlab(
    dataRange: Double, dimensions: Dimensions = .all, outside: OutsideMask = .seen
  ) -> SSIM {
    SSIM(
      dataRange: dataRange, window: .gaussian(sigma: 1.5, radius: 5), border: .replicated,
      dimensions: dimensions,
      outside: outside)
  }

  /// The structural similarity as scikit-image's `structural_similarity` computes it.
  ///
  /// ```
  /// gaussian_weights=True, use_sample_covariance=False        the default here, Wang's weights
  /// window: .uniform(width: 7), usesSampleCovariance: true    scikit-image's default; in plane, that of fastMRI
  /// ```
  ///
  /// Without a mask, voxels whose window reaches beyond the border do not count. With one, exactly the mask's voxels do,
  /// as in `structural_similarity(..., full=True)[1][mask].mean()`.
  public static func scikitImage(
    dataRange: Double, window: Window = .gaussian(sigma: 1.5, radius: 5), usesSampleCovariance: Bool = false,
    dimensions: Dimensions = .all, outside: OutsideMask = .seen
  ) -> SSIM {
    SSIM(
      dataRange: dataRange, window: window, border: .mirroredUncounted, dimensions: dimensions,
      usesSampleCovariance: usesSampleCovariance, outside: outside)
  }
}
