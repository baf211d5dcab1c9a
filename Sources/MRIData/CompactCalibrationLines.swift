import NDArrays
import Numerics

/// Lines that calibrate parallel imaging, without zeros in between.
public struct CompactCalibrationLines: Sendable {
  /// The samples, axes `[row, kx]`, in the order of ``table``.
  public let samples: NDArray<Complex<Float>>
  /// Which line each row is; there is one echo.
  public let table: LineTable
  /// The positions that hold calibration samples.
  public let mask: SamplingMask
  /// Whether the lines were measured within the scan, so that they are as good as image lines of the first echo.
  public let isEmbedded: Bool

  /// Creates calibration lines.
  ///
  /// - Precondition: The samples have one row for each position of the mask and each channel.
  public init(
    samples: NDArray<Complex<Float>>, channels: Int, mask: SamplingMask, isEmbedded: Bool = false
  ) {
    let table = LineTable([mask], channels: channels)
    precondition(
      samples.shape.count == 2 && samples.shape[0] == table.count,
      "samples of shape \(samples.shape) are not the \(table.count) lines of a mask")
    self.samples = samples
    self.table = table
    self.mask = mask
    self.isEmbedded = isEmbedded
  }

  /// Leaves out what was not acquired.
  public init(_ lines: CalibrationLines) {
    let table = LineTable([lines.mask], channels: lines.samples.shape[0])
    self.init(
      samples: table.lines(of: lines.samples.reshaped(to: [1] + lines.samples.shape)),
      channels: table.channels,
      mask: lines.mask, isEmbedded: lines.isEmbedded)
  }
}
