import MRIData

/// What was sampled of one echo.
public struct SamplingReport: Sendable, Codable, Equatable {
  /// The positions of the `(ky, kz)` grid.
  public let positions: Int
  /// The acquired positions.
  public let acquired: Int
  /// The grid over the acquired positions.
  public let accelerationGrid: Double?
  /// The shutter (the sampled ellipse, or the whole grid, less what partial Fourier leaves out) over the acquired positions.
  public let accelerationShutter: Double?
  /// The shutter over the acquired positions, both outside the calibration box.
  public let accelerationOuter: Double?
  /// Whether nothing outside the inscribed ellipse was acquired, but for the calibration box.
  public let isElliptical: Bool
  /// The fully acquired box at the centre: its extents along `ky` and `kz`.
  public let calibrationBox: [Int]?
  /// The sampled part of k-space along `ky` and `kz`; 1 unless one side is cut short.
  public let partialFourier: [Double]

  /// Counts a mask.
  init(_ mask: SamplingMask) {
    positions = mask.lines * mask.partitions
    acquired = mask.acquiredCount
    accelerationGrid = mask.acceleration(basis: .grid)
    accelerationShutter = mask.acceleration(basis: .shutter)
    accelerationOuter = mask.acceleration(basis: .outer)
    isElliptical = mask.isElliptical
    calibrationBox = mask.calibrationRegion.map { [$0.lines.count, $0.partitions.count] }
    let lines = (0..<mask.lines).filter { line in
      (0..<mask.partitions).contains { mask[line: line, partition: $0] }
    }
    let partitions = (0..<mask.partitions).filter { partition in
      (0..<mask.lines).contains { mask[line: $0, partition: partition] }
    }
    partialFourier = [
      partialFourierFraction(lines, of: mask.lines), partialFourierFraction(partitions, of: mask.partitions),
    ]
  }
}

/// The part of an axis between its outermost samples if one side of the centre is cut short, and 1 otherwise.
func partialFourierFraction(_ sampled: [Int], of extent: Int) -> Double {
  SamplingMask.partialFourierRange(sampled, of: extent).map { Double($0.count) / Double(extent) } ?? 1
}
