import MRIData
import NDArrays
import Sampling
import Testing

@Suite struct BadInputTests {
  @Test("every impossible request is refused with the numbers in the message")
  func refusals() {
    func message(_ pattern: some SamplingPattern, _ lines: Int, _ partitions: Int) -> String {
      do {
        _ = try pattern.mask(lines: lines, partitions: partitions, seed: 1)
        return "no error"
      } catch {
        return error.description
      }
    }
    let disk = PoissonDisk(acceleration: 4, calibrationExtent: 24)
    #expect(message(disk, 0, 72).contains("0x72"))
    #expect(message(disk, 300, -1).contains("300x-1"))
    #expect(message(disk, 1 << 40, 1 << 40).contains("2^24"))
    #expect(message(disk, 300, 18).contains("24x24") && message(disk, 300, 18).contains("300x18"))
    #expect(message(PoissonDisk(acceleration: 0.9), 30, 30).contains("0.9"))
    #expect(message(PoissonDisk(acceleration: .nan), 30, 30).contains("nan"))
    #expect(message(PoissonDisk(acceleration: .infinity), 30, 30).contains("inf"))
    // 64 * 64 / 8 = 512 samples, 24 * 24 = 576 in the box.
    let tight = message(PoissonDisk(acceleration: 8, calibrationExtent: 24), 64, 64)
    #expect(tight.contains("512") && tight.contains("576"))
    let corners = message(PoissonDisk(acceleration: 1, calibrationExtent: 4, shutter: .ellipse), 64, 64)
    let inside = SamplingShutter.ellipse.count(lines: 64, partitions: 64)
    #expect(corners.contains("4096") && corners.contains("\(inside)"))
    let negative = PoissonDisk(acceleration: 2, calibrationExtent: -3)
    #expect(message(negative, 64, 64).contains("-3x-3"))
    #expect(message(PoissonDisk(acceleration: 2, densitySlope: -1), 64, 64).contains("-1.0"))
    var region = SamplingRegion()
    region.partialFourier.lines = 0.5
    #expect(message(PoissonDisk(acceleration: 2, region: region), 64, 64).contains("0.5"))
    #expect(message(Lattice(lineStep: 0), 64, 64).contains("line step"))
    #expect(message(Lattice(partitionStep: 65), 64, 64).contains("65"))
    #expect(message(RandomPositions(acceleration: 2, width: 0), 64, 64).contains("width"))
  }

  @Test("a mask without samples or without the centre is refused")
  func unusableMasks() {
    var mask = SamplingMask(lines: 7, partitions: 4, isAcquired: false)
    #expect(throws: SamplingError.empty(grid: GridExtent(lines: 7, partitions: 4))) { try mask.validate() }
    mask[line: 2, partition: 2] = true
    #expect(throws: SamplingError.centreMissing(line: 3, partition: 2, acquired: 1)) { try mask.validate() }
    mask[line: 3, partition: 2] = true
    #expect(throws: Never.self) { try mask.validate() }
  }

  @Test("families are for disks only")
  func families() {
    let recipe = MaskRecipe(
      pattern: .lattice(Lattice(lineStep: 2)), grid: GridExtent(lines: 8, partitions: 8), seed: 1,
      family: .complementary(echoes: 2))
    #expect(throws: SamplingError.familyNeedsDisks) { try recipe.masks() }
    #expect(throws: SamplingError.self) {
      try PoissonDisk(acceleration: 2).complementarySamples(echoes: 0, lines: 8, partitions: 8, seed: 1)
    }
  }
}
