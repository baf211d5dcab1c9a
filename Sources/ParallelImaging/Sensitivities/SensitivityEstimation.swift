import MRIData

/// A way to estimate receive sensitivities from calibration data.
public protocol SensitivityEstimation: ConfiguredMethod {
  /// The sensitivities that calibration data tell, one or more sets of them.
  ///
  /// - Parameters:
  ///   - block: The calibration data, with the readout of the geometry.
  ///   - geometry: The grid of the sensitivities.
  ///   - noise: What is known of the noise of the calibration data.
  /// - Throws: An error that says why the data tell none.
  func sensitivities(
    of block: CalibrationBlock, geometry: Geometry, noise: NoiseLevel
  ) throws(ParallelImagingError) -> [CoilSensitivities]
}
