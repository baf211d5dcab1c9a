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

  /// Chooses masks.
  public init(calibration: GridExtent? = nil, shutter: SamplingShutter = .rectangle, seed: UInt64 = 1) {
    self.calibration = calibration
    self.shutter = shutter
    self.seed = seed
  }

  /// The mask of one acceleration against the full grid.
  ///
  /// - Throws: ``SamplingError`` if the grid cannot have such a mask.
  public func mask(acceleration: Double, on grid: GridExtent) throws(SamplingError) -> SamplingMask {
    let usual = GridExtent(lines: min(24, grid.lines), partitions: min(24, grid.partitions))
    let region = SamplingRegion(shutter: shutter, calibration: calibration ?? usual)
    let pattern = PoissonDisk(acceleration: acceleration, region: region)
    return try pattern.mask(lines: grid.lines, partitions: grid.partitions, seed: seed)
  }
}
