import MRIData

/// How good a mask is, in numbers.
public struct SamplingFigures: Sendable, Equatable, Encodable {
  /// The extents of the grid.
  public let extent: GridExtent
  /// The number of acquired positions.
  public let acquiredCount: Int
  /// The outline against which ``shutterAcceleration`` is counted.
  public let shutter: SamplingShutter
  /// The fully sampled box that ``outerAcceleration`` leaves out.
  public let calibration: GridExtent
  /// Positions of the grid over acquired ones.
  public let gridAcceleration: Double
  /// Positions inside the shutter over acquired ones.
  public let shutterAcceleration: Double
  /// Positions over acquired ones outside the calibration box, if any of these is acquired.
  public let outerAcceleration: Double?
  /// The smallest distance of two samples outside the calibration box [steps of the grid].
  public let minimumDistance: Double?
  /// The radius of the largest disk around a position of the shutter that holds no sample [steps of the grid].
  public let largestHole: Double
  /// The highest sidelobe of the point-spread function relative to its peak.
  public let peakSidelobe: Double
  /// The incoherence of the transform point-spread function, Haar wavelets of three levels.
  public let transformIncoherence: Double?
  /// The fingerprint of the mask.
  public let checksum: String

  /// Measures a mask.
  ///
  /// - Parameters:
  ///   - mask: The mask.
  ///   - region: What the mask was made for; found from the mask itself unless given.
  /// - Throws: ``SamplingError`` if the mask is empty or the region does not fit it.
  public init(_ mask: SamplingMask, region: SamplingRegion? = nil) throws(SamplingError) {
    guard mask.acquiredCount > 0 else { throw .empty(grid: mask.extent) }
    let grid = try SamplingGrid(mask, region: region)
    let region = region ?? SamplingRegion(found: mask)
    extent = mask.extent
    acquiredCount = mask.acquiredCount
    shutter = region.shutter
    calibration = region.calibration
    let accelerations = Accelerations(mask, on: grid)
    gridAcceleration = accelerations.grid
    shutterAcceleration = accelerations.shutter
    outerAcceleration = accelerations.outer
    let spacing = SampleSpacing(mask, grid)
    minimumDistance = spacing.minimumDistance()
    largestHole = spacing.largestHole()
    let spread = PointSpread(mask)
    peakSidelobe = spread.peakSidelobe()
    transformIncoherence = spread.transformIncoherence()
    checksum = mask.checksum
  }
}

/// The accelerations of a mask by all three conventions.
struct Accelerations {
  let grid: Double
  let shutter: Double
  let outer: Double?

  init(_ mask: SamplingMask, on grid: SamplingGrid) {
    let acquired = mask.acquiredCount
    self.grid = Double(grid.extent.count) / Double(acquired)
    shutter = Double(grid.shutterCount) / Double(acquired)
    let outerCount = acquired - grid.calibrationCount
    outer =
      !grid.hasCalibration ? shutter : outerCount > 0 ? Double(grid.freeCount) / Double(outerCount) : nil
  }

  init(_ mask: SamplingMask, region: SamplingRegion?) throws(SamplingError) {
    guard mask.acquiredCount > 0 else { throw .empty(grid: mask.extent) }
    self.init(mask, on: try SamplingGrid(mask, region: region))
  }
}

extension SamplingGrid {
  /// What each position of a mask is for: what a region says, or what the mask itself shows.
  ///
  /// - Throws: ``SamplingError`` if the region does not fit the mask.
  init(_ mask: SamplingMask, region: SamplingRegion?) throws(SamplingError) {
    try self.init(
      region ?? SamplingRegion(found: mask), lines: mask.lines, partitions: mask.partitions,
      // A region leaves out the first positions only, scanners the last as well.
      encoded: region == nil ? mask.encodedRanges : nil)
  }
}

extension SamplingRegion {
  /// The region that a mask appears to have been made for.
  ///
  /// Partial Fourier that leaves out the last lines or partitions has no place in it.
  public init(found mask: SamplingMask) {
    let box = mask.calibrationRegion, encoded = mask.encodedRanges
    func fraction(_ range: Range<Int>, of extent: Int) -> Double {
      range.lowerBound > 0 ? Double(range.count) / Double(extent) : 1
    }
    self.init(
      shutter: mask.isElliptical ? .ellipse : .rectangle,
      // Regions are centred as ``SamplingGrid`` lays them: one more position before the centre than after, or as many.
      calibration: GridExtent(lines: box?.lines.count ?? 0, partitions: box?.partitions.count ?? 0),
      partialFourier: PartialFourier(
        lines: fraction(encoded.lines, of: mask.lines),
        partitions: fraction(encoded.partitions, of: mask.partitions)))
  }
}
