import MRIData
import NDArrays

extension KSpace {
  /// The scan as if only the positions of a mask had been acquired, in every echo.
  ///
  ///     let mask = try PoissonDisk(acceleration: 4, calibrationExtent: 24)
  ///       .mask(lines: scan.lines, partitions: scan.partitions, seed: 7)
  ///     let accelerated = try scan.undersampled(by: mask)
  ///
  /// - Throws: ``SamplingError`` if the mask has other extents, is empty, lacks the centre of k-space, or asks for
  ///   positions that the scan does not have.
  public func undersampled(by mask: SamplingMask) throws(SamplingError) -> KSpace {
    try undersampled(by: Array(repeating: mask, count: echoes))
  }

  /// The scan as if only the positions of the masks had been acquired, one mask per echo.
  ///
  /// Lines that were measured for calibration alone stay.
  ///
  /// - Throws: ``SamplingError`` as for a single mask, and if there is not one mask per echo.
  public func undersampled(by masks: [SamplingMask]) throws(SamplingError) -> KSpace {
    try masks.validate(against: self.masks)
    var result = self
    result.masks = masks
    result.assumptions.append(
      "undersampled retrospectively to \(masks.map { "\($0.acquiredCount)" }.joined(separator: ", ")) of "
        + "\(lines * partitions) positions, mask \(masks.map(\.checksum).joined(separator: " "))")
    let plane = partitions * lines
    result.samples.withUnsafeMutableBufferPointer { samples in
      let shared = SharedBuffer(samples)
      Parallelism.forEach(echoes * channels) { volume in
        let mask = masks[volume / channels]
        mask.isAcquired.withUnsafeBufferPointer { flags in
          for position in 0..<plane where !flags[position] {
            let start = (volume * plane + position) * readoutLength
            shared[start..<start + readoutLength].update(repeating: .zero)
          }
        }
      }
    }
    return result
  }
}

extension [SamplingMask] {
  /// Checks that a scan can be undersampled by these masks, one per echo.
  ///
  /// - Parameter acquired: The positions that the scan has, one mask per echo.
  /// - Throws: ``SamplingError`` if extents or numbers differ, a mask is empty or lacks the centre of k-space, or
  ///   asks for positions that were not acquired.
  public func validate(against acquired: [SamplingMask]) throws(SamplingError) {
    guard count == acquired.count else { throw .echoesDiffer(masks: count, data: acquired.count) }
    for (mask, scan) in zip(self, acquired) {
      guard mask.extent == scan.extent else { throw .extentsDiffer(mask: mask.extent, data: scan.extent) }
      try mask.validate()
      let missing = zip(mask.isAcquired.elements, scan.isAcquired.elements).count { $0 && !$1 }
      guard missing == 0 else { throw .notAcquired(missing: missing, wanted: mask.acquiredCount) }
    }
  }
}
