import Foundation
import NDArrays
import Numerics

/// The peak signal over the root mean squared error [dB].
///
/// ```
/// PSNR = 10 log10(peak^2 / mean |a - b|^2)
/// ```
///
/// The peak is stated, never guessed: for susceptibility in ppm a peak of 1 ppm adds 14 dB to one of 0.2 ppm. Equal
/// images have an infinite PSNR.
public struct PSNR: ImageMetric {
  /// The largest value that the images may have.
  public let peak: Double

  /// Describes the metric.
  ///
  /// - Precondition: The peak is positive.
  public init(peak: Double) {
    precondition(peak > 0 && peak.isFinite, "a peak of \(peak)")
    self.peak = peak
  }

  /// What tables for programs call it.
  public var key: String { "psnr" }
  /// The metric with its peak and unit.
  public var name: String { "PSNR (peak \(Float(peak))) [dB]" }

  /// The value for real images [dB].
  public func value(
    of image: NDArray<Float>, against reference: NDArray<Float>, within mask: NDArray<Bool>?
  ) throws(EvaluationError) -> Double {
    try decibels(ComparedVoxels(image, reference, within: mask))
  }

  /// The value for complex images, whose phases must agree as well [dB].
  public func value(
    of image: NDArray<Complex<Float>>, against reference: NDArray<Complex<Float>>,
    within mask: NDArray<Bool>? = nil
  ) throws(EvaluationError) -> Double {
    try decibels(ComparedVoxels(image, reference, within: mask))
  }

  private func decibels<Voxel>(_ voxels: ComparedVoxels<Voxel>) -> Double {
    20 * log10(peak) - 10 * log10(voxels.squaredError() / Double(voxels.count))
  }
}
