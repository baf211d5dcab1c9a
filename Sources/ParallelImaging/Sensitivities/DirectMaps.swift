import MRIData
import NDArrays
import Numerics

/// Receive sensitivities straight from images of low resolution: each channel over the root of the sum of squares.
///
/// ```
/// s_c(r) = x_c(r) / sqrt(sum_c' |x_c'(r)|^2)        x_c: the calibration data of a channel, Hann-windowed
/// ```
///
/// turned so that the principal component of the calibration data is real and positive, which takes the object's own
/// phase away. The fastest way, and the least exact: edges of the object ring. Voxels darker than a twentieth of the
/// brightest, and not enclosed by others, have no sensitivity.
public struct DirectMaps: SensitivityEstimation {
  /// Creates the method.
  public init() {}

  /// The sensitivities that calibration data tell, a single set.
  ///
  /// - Throws: ``ParallelImagingError/calibrationWithoutSignal``, ``ParallelImagingError/calibrationNotFinite``.
  public func sensitivities(
    of block: CalibrationBlock, geometry: Geometry, noise: NoiseLevel = .unknown
  ) throws(ParallelImagingError) -> [CoilSensitivities] {
    let images = try LowResolutionImages(block, geometry)
    var maps = images.samples
    let support = images.support, reference = images.reference
    maps.scaleVoxels { vector in normalized(vector, reference) }
    maps.clear(outside: support)
    return [CoilSensitivities(maps, geometry: geometry)]
  }
}
