import MRIData
import NDArrays
import Sampling
import Testing

@Suite struct PoissonDiskTests {
  static let grids = [
    GridExtent(lines: 300, partitions: 72), GridExtent(lines: 256, partitions: 72),
    GridExtent(lines: 288, partitions: 240), GridExtent(lines: 230, partitions: 180),
    GridExtent(lines: 320, partitions: 320), GridExtent(lines: 512, partitions: 512),
    GridExtent(lines: 211, partitions: 61), GridExtent(lines: 97, partitions: 127),
  ]

  @Test("exactly the requested count, box full, nothing outside the shutter, distance kept", arguments: grids)
  func exactCount(grid: GridExtent) throws {
    let box = GridExtent(lines: 24, partitions: 23)
    for shutter in SamplingShutter.allCases {
      let inside = shutter.count(lines: grid.lines, partitions: grid.partitions)
      for (basis, acceleration) in zip([AccelerationBasis.grid, .shutter, .outer], [3.0, 4, 5]).flatMap({
        pair in
        [pair, (pair.0, 4.3)]
      }) {
        let pattern = PoissonDisk(
          acceleration: acceleration, basis: basis,
          region: SamplingRegion(shutter: shutter, calibration: box),
          densitySlope: grid.partitions == 72 ? 1.5 : 0, metric: grid.lines == 230 ? .extent : .index)
        let sample = try pattern.sample(lines: grid.lines, partitions: grid.partitions, seed: 7)
        let wanted =
          switch basis {
          case .grid: Double(grid.count) / acceleration
          case .shutter: Double(inside) / acceleration
          case .outer: Double(box.count) + (Double(inside - box.count) / acceleration).rounded()
          }
        #expect(sample.mask.acquiredCount == Int(wanted.rounded()), "\(grid) \(basis) \(shutter)")
        #expect(try pattern.keepsDistance(sample))
        for partition in 0..<grid.partitions {
          for line in 0..<grid.lines where sample.mask[line: line, partition: partition] {
            #expect(
              shutter.contains(
                line: line, partition: partition, lines: grid.lines, partitions: grid.partitions))
          }
        }
        let region = try #require(sample.mask.calibrationRegion)
        #expect(
          region.lines.lowerBound <= grid.lines / 2 - 12 && region.lines.upperBound >= grid.lines / 2 + 12)
        #expect(
          region.partitions.lowerBound <= grid.partitions / 2 - 11
            && region.partitions.upperBound >= grid.partitions / 2 + 12)
      }
    }
  }

  @Test("the accelerations that a mask reports are those that were asked for")
  func reportedAcceleration() throws {
    for basis in AccelerationBasis.allCases {
      let pattern = PoissonDisk(
        acceleration: 4, basis: basis,
        region: SamplingRegion(shutter: .ellipse, calibration: GridExtent(lines: 24, partitions: 24)))
      let mask = try pattern.mask(lines: 300, partitions: 72, seed: 3)
      let acceleration = try #require(mask.acceleration(basis: basis))
      // Half a sample of rounding.
      #expect(abs(acceleration - 4) < 4 * 0.5 / Double(mask.acquiredCount - 576))
    }
  }

  @Test("uniform density keeps neighbours apart and leaves no large hole")
  func spacing() throws {
    let mask = try PoissonDisk(acceleration: 4, calibrationExtent: 24).mask(
      lines: 300, partitions: 72, seed: 1)
    let figures = try SamplingFigures(mask)
    #expect(figures.minimumDistance == 2.0.squareRoot())
    // A maximal packing of radius 2 covers every position within less than 2 steps.
    #expect(figures.largestHole < 2)
  }

  @Test("variable density falls off with the distance from the centre")
  func variableDensity() throws {
    let pattern = PoissonDisk(acceleration: 5, calibrationExtent: 16, densitySlope: 2)
    let mask = try pattern.mask(lines: 256, partitions: 192, seed: 1)
    var counts = [Int](repeating: 0, count: 4), totals = counts
    var model = [Double](repeating: 0, count: 4)
    for partition in 0..<192 {
      for line in 0..<256 {
        let y = Double(line - 128) / 128, z = Double(partition - 96) / 96
        let distance = (y * y + z * z).squareRoot()
        let ring = Int(distance * 4)
        guard ring < 4 else { continue }
        totals[ring] += 1
        model[ring] += 1 / ((1 + 2 * distance) * (1 + 2 * distance))
        if mask[line: line, partition: partition] { counts[ring] += 1 }
      }
    }
    let densities = zip(counts, totals).map { Double($0) / Double($1) }
    #expect(densities == densities.sorted(by: >))
    let modelled = zip(model, totals).map { $0 / Double($1) }
    // Disks hold whole positions, so that the density follows the model in small steps.
    #expect(abs(densities[1] / densities[3] / (modelled[1] / modelled[3]) - 1) < 0.15)
  }

  @Test("partial Fourier leaves out the first lines only")
  func partialFourier() throws {
    var region = SamplingRegion(calibration: GridExtent(lines: 20, partitions: 20))
    region.partialFourier = .init(lines: 0.75, partitions: 0.9)
    let mask = try PoissonDisk(acceleration: 4, region: region).mask(lines: 101, partitions: 60, seed: 5)
    // 0.75 * 101 = 75.75 lines are 76 of 101; 54 of 60 partitions.
    for partition in 0..<60 {
      for line in 0..<101 where mask[line: line, partition: partition] {
        #expect(line >= 25 && partition >= 6)
      }
    }
    #expect(mask.acquiredCount == Int((101.0 * 60 / 4).rounded()))
    region.calibration = GridExtent(lines: 52, partitions: 20)
    #expect(
      throws: SamplingError.calibrationTooLarge(
        box: region.calibration, grid: GridExtent(lines: 76, partitions: 54))
    ) { try PoissonDisk(acceleration: 4, region: region).mask(lines: 101, partitions: 60, seed: 5) }
  }

  @Test("a denser nested mask holds the sparser ones, each with its exact count")
  func nested() throws {
    for slope in [0.0, 1.5] {
      let pattern = PoissonDisk(
        acceleration: 1, calibrationExtent: 24, shutter: .ellipse, densitySlope: slope)
      let samples = try pattern.nestedSamples(
        accelerations: [3, 5, 4], lines: 240, partitions: 72, seed: 2)
      #expect(samples.map(\.mask.acquiredCount) == [5760, 3456, 4320])
      let masks = samples.map { $0.mask.isAcquired.elements }
      for (three, (five, four)) in zip(masks[0], zip(masks[1], masks[2])) {
        #expect(!five || four)
        #expect(!four || three)
      }
      for sample in samples { #expect(try pattern.keepsDistance(sample)) }
    }
  }

  @Test("a box that takes all samples leaves nothing to place")
  func boxOnly() throws {
    let pattern = PoissonDisk(acceleration: 4, calibrationExtent: 16)
    let sample = try pattern.sample(lines: 32, partitions: 32, seed: 1)
    #expect(sample.mask.acquiredCount == 256)
    #expect(try pattern.keepsDistance(sample))
    let nested = try pattern.nestedSamples(accelerations: [2, 4], lines: 32, partitions: 32, seed: 1)
    #expect(nested.map(\.mask.acquiredCount) == [512, 256])
    #expect(nested[0].scale >= 1)
  }

  @Test("echoes of a complementary family fill each other's gaps")
  func complementary() throws {
    let pattern = PoissonDisk(acceleration: 4, calibrationExtent: 20)
    let samples = try pattern.complementarySamples(echoes: 8, lines: 160, partitions: 60, seed: 2)
    #expect(Set(samples.map(\.mask.checksum)).count == 8)
    for sample in samples {
      #expect(sample.mask.acquiredCount == 2400)
      #expect(try pattern.keepsDistance(sample))
    }
    var coverage = [Int](repeating: 0, count: 160 * 60)
    for (echo, sample) in samples.enumerated() {
      for (index, isAcquired) in sample.mask.isAcquired.elements.enumerated() where isAcquired {
        coverage[index] += 1
      }
      let missing = coverage.count { $0 == 0 }
      // 9200 positions lie outside the box. Four echoes of 2000 samples leave out at least 1200; independent ones
      // would leave out (1 - 2000 / 9200)^4 of them, 3440, and eight 1290.
      if echo == 3 { #expect(missing < 2000) }
      if echo == 7 { #expect(missing < 130) }
    }
  }

  @Test("two complementary echoes seldom sit side by side")
  func complementarySpread() throws {
    let pattern = PoissonDisk(acceleration: 12, calibrationExtent: 0)
    func neighbours(_ a: SamplingMask, _ b: SamplingMask) -> Int {
      var count = 0
      for partition in 0..<60 {
        for line in 0..<119 {
          if a[line: line, partition: partition] && b[line: line + 1, partition: partition] { count += 1 }
          if b[line: line, partition: partition] && a[line: line + 1, partition: partition] { count += 1 }
        }
      }
      return count
    }
    let samples = try pattern.complementarySamples(echoes: 2, lines: 120, partitions: 60, seed: 2)
    let other = try pattern.mask(lines: 120, partitions: 60, seed: 3)
    let joint = neighbours(samples[0].mask, samples[1].mask)
    #expect(joint * 3 < neighbours(samples[0].mask, other))
  }

  @Test(
    "equal seeds give equal bits for ever",
    arguments: [
      (GridExtent(lines: 300, partitions: 72), 0.0, SamplingMetric.index, "cb24718f13c580f8"),
      (GridExtent(lines: 211, partitions: 61), 1.5, .index, "cc5257f447bbbc29"),
      (GridExtent(lines: 128, partitions: 40), 0.7, .extent, "bff5e336c7d6ab3d"),
    ])
  func committedBits(grid: GridExtent, slope: Double, metric: SamplingMetric, checksum: String) throws {
    let pattern = PoissonDisk(
      acceleration: 4,
      region: SamplingRegion(shutter: .ellipse, calibration: GridExtent(lines: 16, partitions: 16)),
      densitySlope: slope, metric: metric)
    let mask = try pattern.mask(lines: grid.lines, partitions: grid.partitions, seed: 2024)
    #expect(mask.checksum == checksum)
    #expect(mask != (try pattern.mask(lines: grid.lines, partitions: grid.partitions, seed: 2025)))
  }
}
