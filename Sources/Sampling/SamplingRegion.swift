import MRIData
import NDArrays

/// Which part of the phase-encoding grid a pattern may sample, and which part it samples fully.
public struct SamplingRegion: Sendable, Codable, Equatable {
  /// The outline of the sampled positions.
  public var shutter: SamplingShutter
  /// The fully sampled box around the centre of k-space; 0 along an axis for none.
  public var calibration: GridExtent
  /// The fraction of `ky` and `kz` that is encoded, above 0.5 and at most 1.
  ///
  /// The first lines or partitions are left out; the calibration box must fit what remains.
  public var partialFourier: PartialFourier

  /// How much of each phase-encoding axis is encoded.
  public struct PartialFourier: Sendable, Codable, Equatable {
    /// The fraction of `ky`.
    public var lines: Double
    /// The fraction of `kz`.
    public var partitions: Double

    /// Creates fractions; both are 1 unless given.
    public init(lines: Double = 1, partitions: Double = 1) {
      self.lines = lines
      self.partitions = partitions
    }
  }

  /// Creates a region; the whole grid without a calibration box unless said otherwise.
  public init(
    shutter: SamplingShutter = .rectangle, calibration: GridExtent = GridExtent(lines: 0, partitions: 0),
    partialFourier: PartialFourier = PartialFourier()
  ) {
    self.shutter = shutter
    self.calibration = calibration
    self.partialFourier = partialFourier
  }
}

/// A region laid over a grid: what each position is for.
///
/// The centre of k-space always counts as calibration: without it an image has no mean.
struct SamplingGrid {
  enum Use: UInt8 {
    case notEncoded, free, calibration
  }

  let extent: GridExtent
  /// One per position, axes `[kz, ky]`.
  let uses: [Use]
  /// The positions inside the shutter and the partial Fourier range.
  let shutterCount: Int
  let freeCount: Int
  let calibrationCount: Int
  /// Whether a box was asked for; otherwise the centre alone is sampled for certain.
  let hasCalibration: Bool

  var lines: Int { extent.lines }
  var partitions: Int { extent.partitions }
  var encodedCount: Int { freeCount + calibrationCount }

  /// Lays a region over a grid.
  ///
  /// - Parameters:
  ///   - region: The region.
  ///   - lines: The extent along `ky`.
  ///   - partitions: The extent along `kz`.
  ///   - given: The part of the grid that is encoded; what the region's partial Fourier leaves unless given.
  /// - Throws: ``SamplingError`` if the region does not fit the grid.
  init(
    _ region: SamplingRegion, lines: Int, partitions: Int,
    encoded given: (lines: Range<Int>, partitions: Range<Int>)? = nil
  ) throws(SamplingError) {
    let grid = GridExtent(lines: lines, partitions: partitions)
    guard grid.isPlausible else {
      throw .invalidGrid(lines: lines, partitions: partitions)
    }
    let encoded: (lines: Range<Int>, partitions: Range<Int>)
    if let given {
      encoded = given
    } else {
      encoded = (
        try Self.encoded(lines, region.partialFourier.lines, "partial Fourier along ky"),
        try Self.encoded(partitions, region.partialFourier.partitions, "partial Fourier along kz")
      )
    }
    let box = region.calibration
    guard (0...lines).contains(box.lines), (0...partitions).contains(box.partitions) else {
      throw .calibrationTooLarge(box: box, grid: grid)
    }
    hasCalibration = box.lines > 0 && box.partitions > 0
    let boxLines = Self.box(lines, hasCalibration ? box.lines : 1)
    let boxPartitions = Self.box(partitions, hasCalibration ? box.partitions : 1)
    guard boxLines.clamped(to: encoded.lines) == boxLines,
      boxPartitions.clamped(to: encoded.partitions) == boxPartitions
    else {
      throw .calibrationTooLarge(
        box: box, grid: GridExtent(lines: encoded.lines.count, partitions: encoded.partitions.count))
    }
    var uses = [Use](repeating: .notEncoded, count: grid.count)
    var shutterCount = 0, freeCount = 0
    for partition in encoded.partitions {
      for line in encoded.lines {
        let isInside = region.shutter.contains(
          line: line, partition: partition, lines: lines, partitions: partitions)
        let isCalibration = boxLines.contains(line) && boxPartitions.contains(partition)
        if isInside { shutterCount += 1 }
        if isCalibration {
          uses[partition * lines + line] = .calibration
        } else if isInside {
          uses[partition * lines + line] = .free
          freeCount += 1
        }
      }
    }
    self.extent = grid
    self.uses = uses
    self.shutterCount = shutterCount
    self.freeCount = freeCount
    calibrationCount = boxLines.count * boxPartitions.count
  }

  /// The number of samples that an acceleration asks for, calibration included; a half is rounded up.
  ///
  /// - Throws: ``SamplingError`` if the acceleration is below 1, or contradicts the region.
  func sampleCount(acceleration: Double, basis: AccelerationBasis) throws(SamplingError) -> Int {
    guard acceleration >= 1, acceleration.isFinite else { throw .invalidAcceleration(acceleration) }
    func part(_ count: Int) -> Int { Int((Double(count) / acceleration).rounded()) }
    let wanted =
      switch basis {
      case .grid: part(extent.count)
      case .shutter: part(shutterCount)
      case .outer: hasCalibration ? calibrationCount + part(freeCount) : part(shutterCount)
      }
    guard wanted >= calibrationCount else {
      throw .tooFewSamples(
        wanted: wanted, needed: calibrationCount, acceleration: acceleration, basis: basis.rawValue)
    }
    guard wanted <= encodedCount else {
      throw .tooManySamples(
        wanted: wanted, available: encodedCount, acceleration: acceleration, basis: basis.rawValue)
    }
    return wanted
  }

  /// The mask of the calibration box and the given free positions.
  func mask(acquiring positions: some Sequence<Int32>) -> SamplingMask {
    SamplingMask(
      isAcquired: NDArray(uninitializedShape: [partitions, lines]) { flags in
        for index in flags.indices { flags.initializeElement(at: index, to: uses[index] == .calibration) }
        for position in positions { flags[Int(position)] = true }
      })
  }

  private static func encoded(
    _ extent: Int, _ fraction: Double, _ name: String
  ) throws(SamplingError) -> Range<Int> {
    guard fraction > 0.5, fraction <= 1 else {
      throw .invalidParameter(name: name, value: fraction, range: "above 0.5 and at most 1")
    }
    // 0.55 of 100 positions are 55, though the product of the nearest numbers is a little more.
    return extent - Int((Double(extent) * fraction - 1e-9).rounded(.up))..<extent
  }

  /// The centred range: `width / 2` positions before index `n / 2`, the rest from there on.
  private static func box(_ extent: Int, _ width: Int) -> Range<Int> {
    let start = extent / 2 - width / 2
    return start..<start + width
  }
}
