import MRIData
import Sampling

/// How the masks of a retrospective study are made: Poisson-disk, one for each acceleration, shared by all methods.
public struct MaskChoice: Sendable, Equatable, Codable {
  /// The fully sampled box; 24x24 unless given, less where the grid is smaller.
  public var calibration: GridExtent?
  /// The outline of the samples.
  public var shutter: SamplingShutter
  /// Equal seeds give equal masks for ever.
  public var seed: UInt64
  /// Whether every echo has a mask of its own, which prefers what those before it left out.
  ///
  /// A sequence must move along `ky` and `kz` between its echoes (blips) to measure so.
  public var isComplementary: Bool

  /// Chooses masks.
  public init(
    calibration: GridExtent? = nil, shutter: SamplingShutter = .rectangle, seed: UInt64 = 1,
    isComplementary: Bool = false
  ) {
    self.calibration = calibration
    self.shutter = shutter
    self.seed = seed
    self.isComplementary = isComplementary
  }

  /// The fully sampled box on a grid.
  func box(on grid: GridExtent) -> GridExtent {
    calibration ?? GridExtent(lines: min(24, grid.lines), partitions: min(24, grid.partitions))
  }

  /// What users must know of a mask whose box leaves little for the rest; `nil` if there is nothing.
  func remark(on mask: SamplingMask, acceleration: Double) -> String? {
    let grid = GridExtent(lines: mask.lines, partitions: mask.partitions), box = box(on: grid)
    let inside = box.lines * box.partitions
    let outside = grid.lines * grid.partitions - inside, acquired = mask.acquiredCount - inside
    guard outside > 0, Double(outside) > 2 * acceleration * Double(acquired) else { return nil }
    return """
      The calibration box of \(box.lines)x\(box.partitions) takes \(inside) of \(mask.acquiredCount) positions: outside \
      of it, \(acquired) of \(outside) were acquired. A smaller box would spread them.
      """
  }

  /// The masks of some echoes for one acceleration against the full grid.
  ///
  /// - Throws: ``SamplingError`` if the grid cannot have such masks.
  public func masks(
    acceleration: Double, echoes: Int, on grid: GridExtent
  ) throws(SamplingError) -> [SamplingMask] {
    let region = SamplingRegion(shutter: shutter, calibration: box(on: grid))
    let pattern = PoissonDisk(acceleration: acceleration, region: region)
    guard isComplementary else {
      let mask = try pattern.mask(lines: grid.lines, partitions: grid.partitions, seed: seed)
      return Array(repeating: mask, count: echoes)
    }
    return try pattern.complementarySamples(
      echoes: echoes, lines: grid.lines, partitions: grid.partitions, seed: seed
    ).map(\.mask)
  }
}
