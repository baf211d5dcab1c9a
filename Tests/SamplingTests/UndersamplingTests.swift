import MRIData
import NDArrays
import Numerics
import Sampling
import TestSupport
import Testing

@Suite struct UndersamplingTests {
  static func scan() -> KSpace {
    let matrix = Extents(x: 5, y: 12, z: 9)
    return KSpace(
      samples: testPattern([2, 3, 9, 12, 5]),
      masks: Array(repeating: SamplingMask(lines: 12, partitions: 9), count: 2),
      parameters: ScanParameters(echoTimes: [4e-3, 9e-3], fieldStrength: 3),
      geometry: Geometry(matrix: matrix, voxelSize: [1e-3, 1e-3, 1e-3]))
  }

  @Test("acquired samples stay bit for bit, the others are zero, the masks say so")
  func samples() throws {
    let scan = Self.scan()
    let pattern = PoissonDisk(acceleration: 3, calibrationExtent: 4)
    let masks = try pattern.complementarySamples(echoes: 2, lines: 12, partitions: 9, seed: 3).map(\.mask)
    let result = try scan.undersampled(by: masks)
    #expect(result.masks == masks)
    for echo in 0..<2 {
      for channel in 0..<3 {
        for z in 0..<9 {
          for y in 0..<12 {
            for x in 0..<5 {
              let wanted = masks[echo][line: y, partition: z] ? scan.samples[echo, channel, z, y, x] : .zero
              #expect(result.samples[echo, channel, z, y, x] == wanted)
            }
          }
        }
      }
    }
    #expect(result.assumptions.last?.contains(masks[1].checksum) == true)
    #expect(try scan.undersampled(by: masks[0]).masks == [masks[0], masks[0]])
  }

  @Test("a scan cannot give what it does not have")
  func refusals() throws {
    let scan = Self.scan()
    let full = SamplingMask(lines: 12, partitions: 9)
    #expect(throws: SamplingError.echoesDiffer(masks: 3, data: 2)) {
      try scan.undersampled(by: [full, full, full])
    }
    #expect(
      throws: SamplingError.extentsDiffer(
        mask: GridExtent(lines: 9, partitions: 12), data: GridExtent(lines: 12, partitions: 9))
    ) { try scan.undersampled(by: SamplingMask(lines: 9, partitions: 12)) }
    #expect(throws: SamplingError.empty(grid: full.extent)) {
      try scan.undersampled(by: SamplingMask(lines: 12, partitions: 9, isAcquired: false))
    }
    let half = try scan.undersampled(by: Lattice(lineStep: 2).mask(lines: 12, partitions: 9))
    #expect(throws: SamplingError.notAcquired(missing: 54, wanted: 108)) { try half.undersampled(by: full) }
  }
}
