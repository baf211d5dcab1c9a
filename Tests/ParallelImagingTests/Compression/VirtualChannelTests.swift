import MRIData
import NDArrays
import Numerics
import Operators
import ParallelImaging
import TestSupport
import Testing

/// Methods that solve in fewer channels than the receiver has, and return the images of all.
@Suite("Virtual channels within a reconstruction")
struct VirtualChannelTests {
  // Sixteen channels of eight terms, four of them at one readout position: four virtual channels hold all.
  private let matrix = Extents(x: 16, y: 30, z: 24)

  private func error(
    of images: ChannelImages, _ full: KSpace, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Double {
    let truth = ZeroFilled()(full)
    var (difference, power) = (0.0, 0.0)
    for channel in 0..<full.channels {
      var image = try images.channel(channel)
      let other = try truth.channel(channel)
      image.add(other, times: -1)
      difference += image.squaredNorm
      power += other.squaredNorm
    }
    return (difference / power).squareRoot()
  }

  @Test("SENSE finds the images of all channels in the few that hold what they see")
  func sense() throws {
    let simulation = Simulation(matrix, channels: 16, noise: 0.003), full = simulation.scan
    let scan = full.undersampled(), maps = SensitivitySource.given(simulation.sensitivities)
    func errors(_ channels: CoilCompression.Extent?) throws -> [Double] {
      try [
        error(of: SENSE(calibration: maps, channels: channels)(scan), full),
        error(of: L1WaveletSENSE(calibration: maps, channels: channels, iterations: 20)(scan), full),
      ]
    }
    let all = try errors(.channels(16)), some = try errors(.channels(6)), one = try errors(.channels(1))
    for method in 0..<2 { #expect(some[method] < 1.03 * all[method] && one[method] > 1.3 * all[method]) }

    let solution = try SENSE(calibration: maps).solution(for: scan)
    #expect(try #require(solution.mix).virtualChannels <= 4)
    #expect(try SENSE(calibration: maps)(scan).assumptions.contains { $0.contains("virtual channels") })
    // The misfit counts the samples that are explained.
    let plain = try SENSE(calibration: maps, channels: .channels(16)).solution(for: scan)
    #expect(plain.mix == nil && abs(solution.misfits[0] / plain.misfits[0] - 1) < 0.2)
  }

  @Test("SENSE does without where nothing calibrates the mix")
  func withoutCalibration() throws {
    let simulation = Simulation(matrix, channels: 16)
    var mask = SamplingMask(lines: matrix.y, partitions: matrix.z, isAcquired: false)
    for z in 0..<matrix.z {
      for y in 0..<matrix.y where (y + z) % 2 == 1 { mask[line: y, partition: z] = true }
    }
    let scan = simulation.scan.undersampled(by: mask)
    let solution = try SENSE(calibration: .given(simulation.sensitivities)).solution(for: scan)
    #expect(solution.mix == nil)
    #expect(relativeError(solution.images[0], simulation.object) < 0.1)
  }

  @Test("SPIRiT fills every channel from the few that hold what they see, and keeps what was acquired")
  func spirit() throws {
    let full = Simulation(matrix, channels: 16, noise: 0.003).scan, scan = full.undersampled()
    func errors(_ channels: CoilCompression.Extent?) throws -> [Double] {
      try [
        SPIRiT(channels: channels).filled(scan),
        L1WaveletSPIRiT(channels: channels, iterations: 20).filled(scan),
      ].map { filling in
        for echo in 0..<scan.echoes {
          let kept = SamplingOperator(scan.masks[echo])
          #expect(kept(filling.scan.samples.part(at: echo)) == scan.samples.part(at: echo))
        }
        return relativeError(filling.scan.samples, full.samples)
      }
    }
    let all = try errors(.channels(16)), some = try errors(.channels(6)), one = try errors(.channels(1))
    for method in 0..<2 { #expect(some[method] < 1.05 * all[method] && one[method] > 1.5 * all[method]) }

    let filling = try SPIRiT().filled(scan)
    #expect(try #require(filling.mix).virtualChannels <= 6)
    #expect(filling.scan.assumptions.contains { $0.contains("virtual channels") })
    // Images computed channel by channel are those of the filled scan.
    let images = try SPIRiT()(CompactKSpace(scan)), other = ZeroFilled()(filling.scan)
    for channel in [0, 7, 15] {
      #expect(relativeError(try images.channel(channel), try other.channel(channel)) < 1e-6)
    }
  }
}
