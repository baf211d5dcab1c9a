import MRIData
import NDArrays
import Numerics

extension CalibrationBlock {
  /// Takes the largest fully sampled box around the centre: of the calibration lines, or of the first echo's image
  /// lines, whichever is larger; its middle where it is larger than kernels need.
  ///
  /// - Throws: ``ParallelImagingError/noCalibration`` if neither has one.
  init(_ scan: CompactKSpace) throws(ParallelImagingError) {
    let image = scan.masks[0].calibrationRegion
    let region: CalibrationRegion, source: NDArray<Complex<Float>>, table: LineTable
    if let lines = scan.calibration, let box = lines.mask.calibrationRegion, box.count >= image?.count ?? 0 {
      (region, source, table) = (box.usefulPart, lines.samples, lines.table)
    } else if let image {
      (region, source, table) = (image.usefulPart, scan.samples, scan.table)
    } else {
      let marked = scan.calibration?.mask.acquiredCount ?? 0
      throw marked > 0 ? .calibrationOffCentre(marked: marked) : .noCalibration
    }
    let length = scan.readoutLength
    let shape = [scan.channels, region.partitions.count, region.lines.count, length]
    let samples = NDArray<Complex<Float>>(uninitializedShape: shape) { target in
      source.withUnsafeBufferPointer { source in
        var start = 0
        for channel in 0..<scan.channels {
          for partition in region.partitions {
            for line in region.lines {
              let row = table.row(echo: 0, channel: channel, position: partition * scan.lines + line) * length
              _ = target[start..<start + length].initialize(fromContentsOf: source[row..<row + length])
              start += length
            }
          }
        }
      }
    }
    self.init(whole: samples, region: region, readoutRange: scan.readoutRange)
  }
}
