import MRIData
import NDArrays
import Numerics

extension CalibrationBlock {
  /// Takes the largest fully sampled box around the centre: of the calibration lines, or of the first echo's image
  /// lines, whichever is larger.
  ///
  /// - Throws: ``ParallelImagingError/noCalibration`` if neither has one.
  init(_ scan: CompactKSpace) throws(ParallelImagingError) {
    let image = scan.masks[0].calibrationRegion
    let region: CalibrationRegion, source: NDArray<Complex<Float>>, table: LineTable
    if let lines = scan.calibration, let box = lines.mask.calibrationRegion, box.count >= image?.count ?? 0 {
      (region, source, table) = (box, lines.samples, lines.table)
    } else if let image {
      (region, source, table) = (image, scan.samples, scan.table)
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

extension CompactKSpace {
  /// The scan with the calibration lines that were measured within it among the image lines of the first echo.
  ///
  /// Positions that were acquired as image lines keep their samples.
  package var withEmbeddedCalibration: CompactKSpace {
    guard let calibration, calibration.isEmbedded, masks[0].lacks(calibration.mask) else { return self }
    var masks = masks
    for partition in 0..<partitions {
      for line in 0..<lines where calibration.mask[line: line, partition: partition] {
        masks[0][line: line, partition: partition] = true
      }
    }
    let wider = LineTable(masks, channels: channels), length = readoutLength
    let own = self.masks.map(\.isAcquired.elements)
    let samples = NDArray<Complex<Float>>(uninitializedShape: [wider.count, length]) { target in
      self.samples.withUnsafeBufferPointer { source in
        calibration.samples.withUnsafeBufferPointer { lines in
          for echo in 0..<echoes {
            for channel in 0..<channels {
              for position in wider.positions[echo] {
                let start = wider.row(echo: echo, channel: channel, position: position) * length
                if own[echo][position] {
                  let row = table.row(echo: echo, channel: channel, position: position) * length
                  _ = target[start..<start + length].initialize(fromContentsOf: source[row..<row + length])
                } else {
                  let row = calibration.table.row(echo: 0, channel: channel, position: position) * length
                  _ = target[start..<start + length].initialize(fromContentsOf: lines[row..<row + length])
                }
              }
            }
          }
        }
      }
    }
    return CompactKSpace(
      samples: samples, channels: channels, masks: masks, parameters: parameters, geometry: geometry,
      readoutRange: readoutRange, prescribedMatrix: prescribedMatrix, calibration: calibration, noise: noise,
      assumptions: assumptions)
  }
}

extension SamplingMask {
  /// Whether another mask has positions that this one has not.
  fileprivate func lacks(_ other: SamplingMask) -> Bool {
    zip(isAcquired.elements, other.isAcquired.elements).contains { !$0 && $1 }
  }
}
