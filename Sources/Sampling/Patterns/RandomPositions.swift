import MRIData

/// Positions drawn at random without regard to each other, uniformly or with a density that falls off as a Gaussian.
///
/// ```
/// density(k) ~ exp(-rho^2 / (2 width^2)),   rho^2 = (y / (Ny/2))^2 + (z / (Nz/2))^2
/// ```
///
/// Drawn one after another without replacement, until the count that the acceleration asks for is reached.
public struct RandomPositions: SamplingPattern, Codable, Equatable {
  /// The wanted acceleration, 1 or more.
  public var acceleration: Double
  /// What the acceleration is counted against.
  public var basis: AccelerationBasis
  /// Which positions may and which must be sampled.
  public var region: SamplingRegion
  /// The standard deviation of the density in units of the edge of k-space; `nil` for uniform density.
  public var width: Double?

  /// Creates a pattern.
  public init(
    acceleration: Double, basis: AccelerationBasis = .grid, region: SamplingRegion = SamplingRegion(),
    width: Double? = nil
  ) {
    self.acceleration = acceleration
    self.basis = basis
    self.region = region
    self.width = width
  }

  /// A mask with exactly the wanted number of samples.
  ///
  /// - Throws: ``SamplingError`` if the grid, the region and the acceleration contradict each other.
  public func mask(lines: Int, partitions: Int, seed: UInt64) throws(SamplingError) -> SamplingMask {
    if let width, !(width > 0 && width.isFinite) {
      throw .invalidParameter(name: "width", value: width, range: "positive")
    }
    let grid = try SamplingGrid(region, lines: lines, partitions: partitions)
    let count = try grid.sampleCount(acceleration: acceleration, basis: basis) - grid.calibrationCount
    let positions = grid.positions(.free)
    var urn = WeightedUrn(weights: positions.map { weight(of: $0, on: grid) })
    var generator = SeededGenerator(seed: seed)
    return grid.mask(acquiring: (0..<count).map { _ in positions[urn.draw(&generator)] })
  }

  /// The density in whole steps, so that sums are exact and every position keeps a chance.
  private func weight(of position: Int32, on grid: SamplingGrid) -> Int {
    guard let width else { return 1 }
    let y = Double(Int(position) % grid.lines - grid.lines / 2) / (Double(grid.lines) / 2)
    let z = Double(Int(position) / grid.lines - grid.partitions / 2) / (Double(grid.partitions) / 2)
    return max(1, Int(0x1p20 * Self.decay((y * y + z * z) / (2 * width * width))))
  }

  /// `exp(-x)` as `(1 - x / 2^20)^(2^20)`: the C library's exponential differs between platforms in the last bit.
  private static func decay(_ x: Double) -> Double {
    var power = max(0, 1 - x * 0x1p-20)
    for _ in 0..<20 { power *= power }
    return power
  }
}

/// Draws indices without replacement, each with a chance in proportion to its weight.
///
/// The weights are summed in a Fenwick tree: `sums[i]` covers the `i & -i` weights that end at `i`.
///
/// - Complexity: O(log n) per draw.
struct WeightedUrn {
  private let weights: [Int]
  private var sums: [Int]
  private var total: Int

  init(weights: [Int]) {
    self.weights = weights
    total = weights.reduce(0, +)
    sums = [0] + weights
    for index in 1..<max(sums.count, 1) {
      let parent = index + (index & -index)
      if parent < sums.count { sums[parent] += sums[index] }
    }
  }

  /// Draws an index and removes it.
  ///
  /// - Precondition: The urn is not empty.
  mutating func draw(_ generator: inout SeededGenerator) -> Int {
    var rest = generator.integer(below: total)
    var index = 0
    var step = 1 << (Int.bitWidth - 1 - weights.count.leadingZeroBitCount)
    while step > 0 {
      let next = index + step
      if next < sums.count, sums[next] <= rest {
        index = next
        rest -= sums[next]
      }
      step >>= 1
    }
    var node = index + 1
    while node < sums.count {
      sums[node] -= weights[index]
      node += node & -node
    }
    total -= weights[index]
    return index
  }
}
