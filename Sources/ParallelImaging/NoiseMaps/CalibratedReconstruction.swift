import MRIData

/// A reconstruction that can keep what it learned from one scan's calibration data, for others.
public protocol CalibratedReconstruction: Reconstruction {
  /// The same reconstruction with the calibration of a scan.
  ///
  /// - Throws: An error that says why the scan does not calibrate.
  func calibrated(by scan: KSpace) throws -> any Reconstruction
}
