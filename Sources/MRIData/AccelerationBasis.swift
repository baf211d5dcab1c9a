import NDArrays

/// What an acceleration is counted against; the three conventions in use differ by up to 40 % for one mask.
public enum AccelerationBasis: String, Sendable, Codable, CaseIterable {
  /// All positions of the rectangular grid over the acquired ones.
  case grid
  /// The positions inside the shutter (the sampled ellipse, or the rectangle) over the acquired ones.
  case shutter
  /// The positions of the shutter over the acquired ones, both outside the calibration region.
  case outer
}

extension SamplingMask {
  /// The acceleration by one of the three conventions; `nil` if nothing is left to divide by.
  public func acceleration(basis: AccelerationBasis = .grid) -> Double? {
    switch basis {
    case .grid: ratio(lines * partitions, acquiredCount)
    case .shutter: ratio(shutterCount, acquiredCount)
    case .outer:
      if let region = calibrationRegion {
        ratio(shutterCount - region.count, acquiredCount - region.count)
      } else {
        ratio(shutterCount, acquiredCount)
      }
    }
  }

  /// Whether only positions inside the ellipse that touches the grid's edges were acquired.
  ///
  /// The half axes are `lines / 2` and `partitions / 2`. A grid with a single partition has no ellipse.
  public var isElliptical: Bool {
    guard lines > 1, partitions > 1 else { return false }
    for partition in 0..<partitions {
      for line in 0..<lines where self[line: line, partition: partition] {
        if !isInsideEllipse(line: line, partition: partition) { return false }
      }
    }
    return acquiredCount > 0
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

  private var shutterCount: Int {
    let shutter: SamplingShutter = isElliptical ? .ellipse : .rectangle
    return shutter.count(lines: lines, partitions: partitions)
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
