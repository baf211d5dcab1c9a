import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

struct CompactKSpaceTests {
  /// A scan whose echoes have masks of their own, the last one everything.
  private func scan(_ matrix: Extents, echoes: Int, channels: Int) -> KSpace {
    var samples = testPattern([echoes, channels] + matrix.shape, seed: 3)
    var generator = SeededGenerator(seed: 7)
    let masks = (0..<echoes).map { echo in
      var mask = SamplingMask(lines: matrix.y, partitions: matrix.z)
      for partition in 0..<matrix.z {
        for line in 0..<matrix.y where echo < echoes - 1 && generator.integer(below: 3) > 0 {
          mask[line: line, partition: partition] = false
          for channel in 0..<channels {
            for column in 0..<matrix.x { samples[echo, channel, partition, line, column] = .zero }
          }
        }
      }
      return mask
    }
    return KSpace(
      samples: samples, masks: masks,
      parameters: ScanParameters(echoTimes: (0..<echoes).map { 0.003 * Double($0 + 1) }, fieldStrength: 3),
      geometry: Geometry(matrix: matrix, voxelSize: .one), readoutRange: 0..<matrix.x,
      noise: .whitened(standardDeviation: 2), assumptions: ["something"])
  }

  @Test(
    "A compact scan and back is the scan",
    arguments: [Extents(x: 5, y: 7, z: 3), Extents(x: 1, y: 8, z: 4), Extents(x: 6, y: 5, z: 1)])
  func roundTrip(matrix: Extents) {
    var scan = scan(matrix, echoes: 3, channels: 2)
    scan.calibration = CalibrationLines(
      samples: scan.samples.part(at: 0), mask: scan.masks[0], isEmbedded: true)
    let compact = CompactKSpace(scan), back = KSpace(compact)
    #expect(back.samples == scan.samples && back.masks == scan.masks)
    #expect(back.calibration?.samples == scan.calibration?.samples)
    #expect(back.calibration?.mask == scan.masks[0] && back.calibration?.isEmbedded == true)
    #expect(back.noise == scan.noise && back.assumptions == scan.assumptions)
    #expect(back.parameters == scan.parameters && back.prescribedMatrix == scan.prescribedMatrix)
    let lines = scan.masks.reduce(0) { $0 + $1.acquiredCount }
    #expect(compact.samples.shape == [2 * lines, matrix.x] && lines < 3 * matrix.y * matrix.z)
  }

  @Test("A channel of a compact scan is that of the scan")
  func channels() {
    let scan = scan(Extents(x: 5, y: 7, z: 3), echoes: 2, channels: 3), compact = CompactKSpace(scan)
    for channel in 0..<3 { #expect(compact.channel(channel) == scan.samples.part(at: channel, ofAxis: 1)) }
  }

  @Test("A fully sampled scan shares its samples")
  func sharing() {
    let scan = scan(Extents(x: 5, y: 7, z: 3), echoes: 1, channels: 3), compact = CompactKSpace(scan)
    #expect(compact.isFullySampled)
    #expect(
      compact.samples.withUnsafeBufferPointer(\.baseAddress)
        == scan.samples.withUnsafeBufferPointer(\.baseAddress))
  }

  @Test("Images are prepared through everything that is made of them, and each once")
  func preparation() throws {
    final class Log: @unchecked Sendable { var ranges: [Range<Int>] = [] }
    let log = Log(), matrix = Extents(x: 4, y: 4, z: 1)
    let images = ChannelImages(
      channels: 3, parameters: ScanParameters(echoTimes: [0.003], fieldStrength: 3),
      geometry: Geometry(matrix: matrix, voxelSize: .one), preparing: { log.ranges.append($0) }
    ) { _ in NDArray(repeating: .zero, shape: [1, 1, 4, 4]) }
    let cropped = images.observed { _, _ in }.cropped(to: Extents(x: 2, y: 4, z: 1))
    let stack = ChannelImages(
      stacking: [cropped, cropped],
      geometry: Geometry(matrix: Extents(x: 2, y: 4, z: 2), voxelSize: .one))
    try stack.prepare(1..<3)
    #expect(log.ranges == [1..<3, 1..<3])
    _ = try stack.channel(1)
    #expect(log.ranges.count == 2)
  }
}
