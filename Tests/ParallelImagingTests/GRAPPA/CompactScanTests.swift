import MRIData
import NDArrays
import Numerics
import Operators
import TestSupport
import Testing

@testable import ParallelImaging

@Suite("GRAPPA of compact scans")
struct CompactScanTests {
  static let matrices = [
    Extents(x: 17, y: 29, z: 23), Extents(x: 1, y: 31, z: 24), Extents(x: 32, y: 37, z: 1),
  ]

  @Test("fills blocks of channels as it fills all at once", arguments: matrices)
  func blocks(matrix: Extents) throws {
    let scan = SmoothScan.scan(matrix, channels: 5, echoes: 2).undersampled()
    let whole = try GRAPPA().filled(scan)
    let plan = try FillingPlan(CompactKSpace(scan), kernel: nil, sources: nil)
    #expect(plan.supports == whole.supports && plan.masks == whole.scan.masks)
    let lines = plan.gaps.reduce(0) { $0 + $1.acquiredCount }
    // Room for one channel, for two and a half, and for all.
    for room in [1, lines * matrix.x * 20, lines * matrix.x * 100] {
      let blocks = FilledBlocks(plan, memory: room)
      for batch in [0..<2, 2..<4, 4..<5] {
        try blocks.prepare(batch)
        for channel in batch {
          let expected = whole.scan.samples.part(at: channel, ofAxis: 1)
          // Fewer right-hand sides at a time add up in another order.
          #expect(relativeError(try blocks.channel(channel), expected) < 1e-4)
        }
      }
      #expect(try blocks.channel(0).shape == [2] + matrix.shape, "without being prepared")
    }
  }

  @Test("gives the images of the filled scan", arguments: matrices)
  func images(matrix: Extents) throws {
    let scan = SmoothScan.scan(matrix, channels: 3, echoes: 2).undersampled()
    let direct = try GRAPPA()(CompactKSpace(scan)), filled = ZeroFilled()(try GRAPPA().filled(scan).scan)
    for channel in 0..<3 {
      #expect(relativeError(try direct.channel(channel), try filled.channel(channel)) < 1e-4)
    }
    // Acquired samples are there bit for bit.
    let blocks = FilledBlocks(try FillingPlan(CompactKSpace(scan), kernel: nil, sources: nil))
    let channel = try blocks.channel(2)
    for echo in 0..<2 {
      let kept = SamplingOperator(scan.masks[echo])
      #expect(kept(channel.part(at: echo)) == scan.samples.part(at: echo, 2))
    }
  }

  @Test("takes embedded calibration lines for image lines")
  func embedded() throws {
    let full = SmoothScan.scan(Extents(x: 12, y: 30, z: 21), channels: 3, echoes: 2)
    var scan = full.undersampled()
    var box = SamplingMask(lines: 30, partitions: 21, isAcquired: false)
    for z in 3..<18 { for y in 7..<23 { box[line: y, partition: z] = true } }
    var outer = scan.masks[0]
    for z in 3..<18 { for y in 7..<23 where (y + z) % 2 == 0 { outer[line: y, partition: z] = false } }
    scan.masks[0] = outer
    scan.samples.setPart(at: 0, to: SamplingOperator(outer)(scan.samples.part(at: 0)))
    scan.calibration = CalibrationLines(
      samples: SamplingOperator(box)(full.samples.part(at: 0)), mask: box, isEmbedded: true)
    let dense = scan.withEmbeddedCalibration, compact = CompactKSpace(scan).withEmbeddedCalibration
    #expect(KSpace(compact).samples == dense.samples && compact.masks == dense.masks)
    #expect(dense.masks != scan.masks)
    let again = compact.withEmbeddedCalibration
    #expect(again.samples == compact.samples)
    #expect(try CalibrationBlock(compact).samples == CalibrationBlock(dense).samples)
    #expect(compact.noiseVariance == CompactKSpace(dense).noiseVariance)
  }

  @Test("learns from the middle of an echo that is complete")
  func largeCalibration() throws {
    let scan = SmoothScan.scan(Extents(x: 4, y: 64, z: 51), channels: 2)
    let block = try CalibrationBlock(scan)
    #expect(block.region == CalibrationRegion(lines: 8..<56, partitions: 1..<49))
    #expect(block.samples.part(at: 1, 0, 47) == scan.samples.part(at: 0, 1, 1, 55))
    #expect(try CalibrationBlock(CompactKSpace(scan)).samples == block.samples)
    let usual = try CalibrationBlock(SmoothScan.scan(Extents(x: 4, y: 48, z: 31), channels: 2))
    #expect(usual.region == CalibrationRegion(lines: 0..<48, partitions: 0..<31))
  }

  @Test("predicts every channel from fewer virtual ones")
  func virtualSources() throws {
    // Sixteen channels of eight terms: eight virtual ones hold all.
    let full = Simulation(Extents(x: 16, y: 30, z: 24), channels: 16, noise: 0.003).scan
    let scan = full.undersampled()
    func error(_ sources: CoilCompression.Extent) throws -> Double {
      let filled = try GRAPPA(sources: sources).filled(scan).scan
      for echo in 0..<scan.echoes {
        let kept = SamplingOperator(scan.masks[echo])
        #expect(kept(filled.samples.part(at: echo)) == scan.samples.part(at: echo))
      }
      return relativeError(filled.samples, full.samples)
    }
    let all = try error(.channels(16)), some = try error(.channels(10)), one = try error(.channels(1))
    #expect(some < 1.05 * all && one > 1.5 * all)
    let automatic = try GRAPPA().filled(scan).scan
    #expect(automatic.channels == 16)
    #expect(automatic.assumptions.contains { $0.contains("virtual channels") })
  }
}
