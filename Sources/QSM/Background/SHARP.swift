import MRIData
import NDArrays

/// Background removal by spherical means of one radius (SHARP): ``VSHARP`` without the smaller balls.
///
/// Loses a rim of the radius.
///
/// - SeeAlso: F. Schweser et al., "Quantitative imaging of intrinsic magnetic tissue properties using MRI signal
///   phase", NeuroImage 54:2789, 2011, doi:10.1016/j.neuroimage.2010.10.070.
public struct SHARP: BackgroundRemoval {
  /// The radius of the ball [m]; 6 mm where absent, or less where voxels are small.
  public var radius: Double?
  /// The smallest magnitude of `1 - S` that is divided by.
  public var threshold: Double

  /// Creates the method.
  ///
  /// - Precondition: Radius and threshold are positive.
  public init(radius: Double? = nil, threshold: Double = 0.05) {
    precondition(
      (radius ?? 1) > 0 && threshold > 0, "a radius of \(radius ?? 0) m and a threshold of \(threshold)")
    self.radius = radius
    self.threshold = threshold
  }

  /// Removes the background.
  public func callAsFunction(
    _ field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>
  ) throws(QSMError) -> LocalField {
    let radius = radius ?? Ball.radius(6e-3, voxelSize: field.geometry.voxelSize)
    try Ball.check(radius: radius, on: field.geometry)
    return try VSHARP(radii: [radius], threshold: threshold)(field, mask: mask)
  }
}
