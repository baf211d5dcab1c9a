import MRIData
import NDArrays
import Numerics

/// Fully sampled k-space around the centre, from which parallel imaging learns how channels relate.
///
/// ```
/// samples[channel, kz, ky, kx]      the centre of k-space at index n / 2 of kz and ky
/// ```
///
/// The readout is as long as that of the scan.
public struct CalibrationBlock: Sendable {
  /// The samples, axes `[channel, kz, ky, kx]`.
  public let samples: NDArray<Complex<Float>>
  /// Where the block lies in the grid of the scan.
  public let region: CalibrationRegion
  /// The part of `kx` that was sampled.
  let readoutRange: Range<Int>

  /// Takes the largest fully sampled box around the centre: of the calibration lines, or of the first echo's image
  /// lines, whichever is larger; its middle where it is larger than kernels need.
  ///
  /// - Throws: ``ParallelImagingError/noCalibration`` if neither has one.
  public init(_ scan: KSpace) throws(ParallelImagingError) {
    let image = scan.masks[0].calibrationRegion
    let lines = scan.calibration.flatMap { calibration in
      calibration.mask.calibrationRegion.map { (region: $0, samples: calibration.samples) }
    }
    if let lines, lines.region.count >= image?.count ?? 0 {
      self.init(lines.samples, region: lines.region.usefulPart, readoutRange: scan.readoutRange)
    } else if let image {
      self.init(scan.samples.part(at: 0), region: image.usefulPart, readoutRange: scan.readoutRange)
    } else {
      let marked = scan.calibration?.mask.acquiredCount ?? 0
      throw marked > 0 ? .calibrationOffCentre(marked: marked) : .noCalibration
    }
  }

  /// Cuts a box out of samples `[channel, kz, ky, kx]`.
  init(_ samples: NDArray<Complex<Float>>, region: CalibrationRegion, readoutRange: Range<Int>? = nil) {
    let (channels, length) = (samples.shape[0], samples.shape[3])
    self.region = region
    self.readoutRange = readoutRange ?? 0..<length
    self.samples = NDArray(
      uninitializedShape: [channels, region.partitions.count, region.lines.count, length]
    ) { target in
      samples.withUnsafeBufferPointer { source in
        var row = 0
        for channel in 0..<channels {
          for partition in region.partitions {
            for line in region.lines {
              let range = samples.range(at: [channel, partition, line])
              _ = UnsafeMutableBufferPointer(rebasing: target[row..<row + length])
                .initialize(fromContentsOf: UnsafeBufferPointer(rebasing: source[range]))
              row += length
            }
          }
        }
      }
    }
  }

  /// Takes samples that are a block already.
  init(
    whole samples: NDArray<Complex<Float>>, region: CalibrationRegion? = nil, readoutRange: Range<Int>? = nil
  ) {
    let shape = samples.shape
    self.samples = samples
    self.region = region ?? CalibrationRegion(lines: 0..<shape[2], partitions: 0..<shape[1])
    self.readoutRange = readoutRange ?? 0..<shape[3]
  }
}

extension CalibrationRegion {
  /// At most 48 positions along each axis, around the centre.
  ///
  /// Kernels and sensitivities are smooth, and the signal farther out hardly stands above the noise; the work grows with the
  /// third power of the extent, as samples along `kx` are taken from a box as long as it is wide.
  var usefulPart: CalibrationRegion {
    func middle(_ range: Range<Int>) -> Range<Int> {
      let centre = range.lowerBound + range.count / 2, most = 48
      return range.clamped(to: centre - most / 2..<centre + most / 2)
    }
    return CalibrationRegion(lines: middle(lines), partitions: middle(partitions))
  }
}
