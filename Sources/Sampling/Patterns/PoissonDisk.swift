import MRIData

/// A Poisson-disk pattern over the two phase-encoding axes.
///
/// Acquired positions repel each other: outside the calibration box no two lie nearer than a radius that may
/// grow with the distance from the centre of k-space. Aliasing along `ky` and `kz` is then incoherent.
///
///     let pattern = PoissonDisk(acceleration: 4, calibrationExtent: 24)
///     let mask = try pattern.mask(lines: 300, partitions: 72, seed: 7)
///     mask.acceleration()   // 4.0
///
/// The number of samples is exactly the one that the acceleration asks for, calibration included. The radius
/// is the largest that the count allows: disks on a grid hold whole positions, so near the count the
/// last samples are placed with a radius slightly smaller than the first ones (see ``DiskSample/scale``).
///
/// Equal seeds give equal masks on every platform and in every release; the masks in `SamplingMasks/` depend on it.
///
/// - SeeAlso: R. L. Cook, "Stochastic sampling in computer graphics", ACM Trans. Graph. 5(1):51-72, 1986,
///   doi:10.1145/7529.8927.
public struct PoissonDisk: SamplingPattern, Codable, Equatable {
  /// The wanted acceleration, 1 or more.
  public var acceleration: Double
  /// What the acceleration is counted against.
  public var basis: AccelerationBasis
  /// Which positions may and which must be sampled.
  public var region: SamplingRegion
  /// How much the radius grows from the centre to the edge, relative to the radius at the centre.
  public var densitySlope: Double
  /// How distances are measured.
  public var metric: SamplingMetric

  /// Creates a pattern.
  ///
  /// - Parameters:
  ///   - acceleration: The wanted acceleration, 1 or more.
  ///   - basis: What the acceleration is counted against.
  ///   - region: Which positions may and which must be sampled.
  ///   - densitySlope: The growth of the radius from the centre to the edge; 0 for uniform density.
  ///   - metric: How distances are measured.
  public init(
    acceleration: Double, basis: AccelerationBasis = .grid, region: SamplingRegion = SamplingRegion(),
    densitySlope: Double = 0, metric: SamplingMetric = .index
  ) {
    self.acceleration = acceleration
    self.basis = basis
    self.region = region
    self.densitySlope = densitySlope
    self.metric = metric
  }

  /// Creates a pattern with a square calibration box.
  public init(
    acceleration: Double, calibrationExtent: Int, shutter: SamplingShutter = .rectangle,
    densitySlope: Double = 0
  ) {
    self.init(
      acceleration: acceleration,
      region: SamplingRegion(
        shutter: shutter, calibration: GridExtent(lines: calibrationExtent, partitions: calibrationExtent)),
      densitySlope: densitySlope)
  }

  /// A mask with exactly the wanted number of samples.
  ///
  /// - Throws: ``SamplingError`` if the grid, the region and the acceleration contradict each other.
  public func mask(lines: Int, partitions: Int, seed: UInt64) throws(SamplingError) -> SamplingMask {
    try sample(lines: lines, partitions: partitions, seed: seed).mask
  }

  /// A mask and the radius that its samples keep.
  ///
  /// - Throws: ``SamplingError`` if the grid, the region and the acceleration contradict each other.
  public func sample(lines: Int, partitions: Int, seed: UInt64) throws(SamplingError) -> DiskSample {
    let grid = try SamplingGrid(region, lines: lines, partitions: partitions)
    let count = try grid.sampleCount(acceleration: acceleration, basis: basis)
    let packing = try packing(on: grid, seed: seed)
    return DiskSample(grid, packing, packing.packing(of: count - grid.calibrationCount))
  }

  /// The packing of a grid with a shuffled order of visits.
  func packing(on grid: SamplingGrid, seed: UInt64, stream: UInt64 = 0) throws(SamplingError) -> DiskPacking {
    guard densitySlope >= 0, densitySlope <= 100 else {
      throw .invalidParameter(name: "density slope", value: densitySlope, range: "between 0 and 100")
    }
    var generator = SeededGenerator(seed: seed, stream: stream)
    return DiskPacking(grid, metric: metric, densitySlope: densitySlope, generator: &generator)
  }
}
