import Foundation
import MRIData
import NDArrays
import Sampling
import Synchronization
import Testing

/// Every request ends: with a mask of the exact count, or with an error that says why there is none.
@Suite struct TerminationTests {
  /// One request out of `thinning` is made for each grid, so that all boxes and accelerations meet all extents;
  /// `KSPACE_EXHAUSTIVE=1` makes them all.
  static let thinning = ProcessInfo.processInfo.environment["KSPACE_EXHAUSTIVE"] == nil ? 61 : 1

  @Test("every grid up to 64 x 64, calibration box and acceleration 1 to 12")
  func everyGrid() {
    let failures = Mutex<[String]>([])
    let made = Atomic<Int>(0), refused = Atomic<Int>(0)
    Parallelism.forEach(64) { row in
      // Large grids first keeps both cores busy to the end.
      let lines = 64 - row
      for partitions in 1...64 {
        for box in 0...65 {
          for acceleration in 1...12
          where (box * 12 + acceleration + 7 * lines + 13 * partitions).isMultiple(of: Self.thinning)
            || max(lines, partitions) <= 8
          {
            let variant = (lines + partitions + box + acceleration) % 12
            if let failure = Self.failure(lines, partitions, box, Double(acceleration), variant) {
              failures.withLock { $0.append(failure) }
            } else if Self.isFeasible(lines, partitions, box, Double(acceleration), variant) {
              made.wrappingAdd(1, ordering: .relaxed)
            } else {
              refused.wrappingAdd(1, ordering: .relaxed)
            }
          }
        }
      }
    }
    let found = failures.withLock { $0 }
    #expect(found.isEmpty, "\(found.count) failures, such as \(found.prefix(5))")
    #expect(made.load(ordering: .relaxed) > 10_000 && refused.load(ordering: .relaxed) > 10_000)
  }

  private static func region(_ box: Int, _ variant: Int) -> (SamplingRegion, AccelerationBasis) {
    let shutter: SamplingShutter = variant.isMultiple(of: 2) ? .rectangle : .ellipse
    let region = SamplingRegion(shutter: shutter, calibration: GridExtent(lines: box, partitions: box))
    return (region, AccelerationBasis.allCases[variant % 3])
  }

  /// Whether a mask can exist, worked out from the numbers alone.
  private static func isFeasible(
    _ lines: Int, _ partitions: Int, _ box: Int, _ acceleration: Double, _ variant: Int
  ) -> Bool {
    let (count, calibration, available) = expected(lines, partitions, box, acceleration, variant)
    return box <= min(lines, partitions) && count >= calibration && count <= available
  }

  private static func expected(
    _ lines: Int, _ partitions: Int, _ box: Int, _ acceleration: Double, _ variant: Int
  ) -> (count: Int, calibration: Int, available: Int) {
    let (region, basis) = region(box, variant)
    let calibration = max(box * box, 1)
    var inside = 0, corners = 0
    for partition in 0..<partitions {
      for line in 0..<lines {
        let isInside = region.shutter.contains(
          line: line, partition: partition, lines: lines, partitions: partitions)
        let y = line - lines / 2 + box / 2, z = partition - partitions / 2 + box / 2
        if isInside { inside += 1 } else if (0..<box).contains(y) && (0..<box).contains(z) { corners += 1 }
      }
    }
    func part(_ count: Int) -> Int { Int((Double(count) / acceleration).rounded()) }
    let count =
      switch basis {
      case .grid: part(lines * partitions)
      case .shutter: part(inside)
      case .outer: box > 0 ? calibration + part(inside + corners - calibration) : part(inside)
      }
    return (count, calibration, inside + corners)
  }

  private static func failure(
    _ lines: Int, _ partitions: Int, _ box: Int, _ acceleration: Double, _ variant: Int
  ) -> String? {
    let (region, basis) = region(box, variant)
    let pattern = PoissonDisk(
      acceleration: acceleration, basis: basis, region: region, densitySlope: variant > 5 ? 1 : 0)
    let name = "\(lines)x\(partitions) box \(box) AF \(acceleration) variant \(variant)"
    let feasible = isFeasible(lines, partitions, box, acceleration, variant)
    do {
      let mask = try pattern.mask(lines: lines, partitions: partitions, seed: UInt64(box))
      let wanted = expected(lines, partitions, box, acceleration, variant).count
      guard feasible else { return "\(name): made although impossible" }
      return mask.acquiredCount == wanted ? nil : "\(name): \(mask.acquiredCount) instead of \(wanted)"
    } catch {
      return feasible ? "\(name): refused (\(error))" : nil
    }
  }
}
