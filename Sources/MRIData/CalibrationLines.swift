import NDArrays
import Numerics

/// Lines that calibrate parallel imaging and stand outside the image lines, or that serve both.
public struct CalibrationLines: Sendable {
  /// The samples, axes `[channel, kz, ky, kx]` on the grid of the image lines.
  public var samples: NDArray<Complex<Float>>
  /// The positions that hold calibration samples.
  public var mask: SamplingMask
  /// Whether the lines were measured within the scan, so that they are as good as image lines of the first echo.
  public var isEmbedded: Bool

  /// Creates calibration lines.
  ///
  /// - Precondition: The mask has the `[kz, ky]` of the samples.
  public init(samples: NDArray<Complex<Float>>, mask: SamplingMask, isEmbedded: Bool = false) {
    precondition(
      samples.shape.count == 4 && samples.shape[1] == mask.partitions && samples.shape[2] == mask.lines,
      "calibration samples of shape \(samples.shape) do not fit a mask of [\(mask.partitions), \(mask.lines)]"
    )
    self.samples = samples
    self.mask = mask
    self.isEmbedded = isEmbedded
  }
}
