import MRIData
import Operators

/// A reconstruction that can keep what it learned from one scan's calibration data, for others.
public protocol CalibratedReconstruction: Reconstruction {
  /// The same reconstruction with the calibration of a scan.
  ///
  /// - Throws: An error that says why the scan does not calibrate.
  func calibrated(by scan: KSpace) throws -> any Reconstruction
}

extension PartialFourierMagnitude: CalibratedReconstruction {
  /// The same with the calibration of a scan, where its base has one.
  ///
  /// - Throws: What the base throws.
  public func calibrated(by scan: KSpace) throws -> any Reconstruction {
    let calibrated = try (base as? any CalibratedReconstruction)?.calibrated(by: scan) ?? base
    return PartialFourierMagnitude(calibrated, iterations: iterations)
  }
}
