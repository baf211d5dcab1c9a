import NDArrays
import Numerics

extension KSpace {
  /// The scan with the calibration lines that were measured within it among the image lines of the first echo.
  ///
  /// Positions that were acquired as image lines keep their samples.
  public var withEmbeddedCalibration: KSpace {
    guard let calibration, calibration.isEmbedded else { return self }
    var (samples, mask) = (samples, masks[0])
    let volume = partitions * lines * readoutLength
    samples.withUnsafeMutableBufferPointer { target in
      calibration.samples.withUnsafeBufferPointer { source in
        for partition in 0..<partitions {
          for line in 0..<lines
          where calibration.mask[line: line, partition: partition]
            && !masks[0][line: line, partition: partition]
          {
            for channel in 0..<channels {
              let start = channel * volume + (partition * lines + line) * readoutLength
              _ = UnsafeMutableBufferPointer(rebasing: target[start..<start + readoutLength])
                .update(fromContentsOf: UnsafeBufferPointer(rebasing: source[start..<start + readoutLength]))
            }
            mask[line: line, partition: partition] = true
          }
        }
      }
    }
    var scan = self
    scan.samples = samples
    scan.masks[0] = mask
    return scan
  }
}

extension CompactKSpace {
  /// The scan with the calibration lines that were measured within it among the image lines of the first echo.
  ///
  /// Positions that were acquired as image lines keep their samples.
  public var withEmbeddedCalibration: CompactKSpace {
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
