import NDArrays

/// What an acceleration is counted against; the three conventions in use differ by up to 40 % for one mask.
public enum AccelerationBasis: String, Sendable, Codable, CaseIterable {
  /// All positions of the rectangular grid over the acquired ones.
  case grid
  /// The positions inside the shutter (the sampled ellipse, or the rectangle) over the acquired ones.
  case shutter
  /// The positions of the shutter over the acquired ones, both outside the calibration region.
  case outer

  /// Reads the word that a file has for it.
  public init(from decoder: any Decoder) throws { self = try .named(by: decoder) }
}

extension SamplingMask {
  /// The acceleration by one of the three conventions; `nil` if nothing is left to divide by.
  ///
  /// Of a shutter and of partial Fourier only positions count that were meant to be sampled, as far as the mask shows it:
  /// ``isElliptical``, ``encodedRanges``.
  public func acceleration(basis: AccelerationBasis = .grid) -> Double? {
    switch basis {
    case .grid: return ratio(lines * partitions, acquiredCount)
    case .shutter: return ratio(shutterCount(outside: nil), acquiredCount)
    case .outer:
      let region = calibrationRegion
      return ratio(shutterCount(outside: region), acquiredCount - (region?.count ?? 0))
    }
  }

  /// Whether only positions inside the ellipse that touches the grid's edges were acquired, outside the calibration region.
  ///
  /// The half axes are `lines / 2` and `partitions / 2`. A grid with a single partition has no ellipse. A calibration region
  /// may reach beyond the ellipse; of one alone nobody knows the outline, unless it lies inside.
  public var isElliptical: Bool {
    guard lines > 1, partitions > 1 else { return false }
    let region = calibrationRegion
    var hasOuter = false, isInside = true
    for partition in 0..<partitions {
      for line in 0..<lines where self[line: line, partition: partition] {
        let isWithin = isInsideEllipse(line: line, partition: partition)
        if region?.contains(line: line, partition: partition) == true {
          isInside = isInside && isWithin
        } else if isWithin {
          hasOuter = true
        } else {
          return false
        }
      }
    }
    return hasOuter || isInside && region != nil
  }

  /// The largest fully acquired box centred in k-space, if it is at least 2 lines or partitions wide.
  ///
  /// The box grows alternately along `ky` and `kz`; it is the whole grid for a fully sampled scan.
  public var calibrationRegion: CalibrationRegion? {
    let centreLine = lines / 2, centrePartition = partitions / 2
    guard lines > 0, partitions > 0, self[line: centreLine, partition: centrePartition] else { return nil }
    var region = CalibrationRegion(
      lines: centreLine..<centreLine + 1, partitions: centrePartition..<centrePartition + 1)
    var growing = true
    while growing {
      growing = false
      if let wider = grown(region.lines, within: lines), isFull(wider, region.partitions) {
        region.lines = wider
        growing = true
      }
      if let wider = grown(region.partitions, within: partitions), isFull(region.lines, wider) {
        region.partitions = wider
        growing = true
      }
    }
    return region.count > 1 ? region : nil
  }

  /// The positions that were meant to be sampled, outside a region.
  private func shutterCount(outside region: CalibrationRegion?) -> Int {
    let shutter: SamplingShutter = isElliptical ? .ellipse : .rectangle
    let encoded = encodedRanges
    var count = 0
    for partition in encoded.partitions {
      for line in encoded.lines
      where region?.contains(line: line, partition: partition) != true
        && shutter.contains(line: line, partition: partition, lines: lines, partitions: partitions)
      {
        count += 1
      }
    }
    return count
  }

  private func isInsideEllipse(line: Int, partition: Int) -> Bool {
    SamplingShutter.ellipse.contains(
      line: line, partition: partition, lines: lines, partitions: partitions)
  }

  private func ratio(_ numerator: Int, _ denominator: Int) -> Double? {
    denominator > 0 ? Double(numerator) / Double(denominator) : nil
  }

  /// The next larger box along one axis: one step towards the start first, so that it stays centred on `n / 2`.
  private func grown(_ range: Range<Int>, within extent: Int) -> Range<Int>? {
    if range.lowerBound > 0, extent / 2 - range.lowerBound <= range.upperBound - 1 - extent / 2 {
      return range.lowerBound - 1..<range.upperBound
    }
    return range.upperBound < extent ? range.lowerBound..<range.upperBound + 1 : nil
  }

  private func isFull(_ lines: Range<Int>, _ partitions: Range<Int>) -> Bool {
    partitions.allSatisfy { partition in lines.allSatisfy { self[line: $0, partition: partition] } }
  }
}
