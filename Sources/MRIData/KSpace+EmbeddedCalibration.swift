import NDArrays

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
