import MRIData
import NDArrays
import Numerics
import Operators
import ParallelImaging
import TestSupport
import Testing

@Suite("Bad input")
struct BadInputTests {
  static let methods: [any Reconstruction] = [
    GRAPPA(), SENSE(), L1WaveletSENSE(iterations: 5), SPIRiT(iterations: 5), L1WaveletSPIRiT(iterations: 5),
  ]
  static let matrix = Extents(x: 6, y: 32, z: 28)

  /// A checkerboard without the centre, up to a line, and a centred box of an extent.
  static func mask(calibration extent: Int, emptyFrom first: Int = .max) -> SamplingMask {
    var mask = SamplingMask(lines: matrix.y, partitions: matrix.z, isAcquired: false)
    let box = (lines: matrix.y / 2 - extent / 2, partitions: matrix.z / 2 - extent / 2)
    for z in 0..<matrix.z {
      for y in 0..<matrix.y {
        let isCentral =
          (box.lines..<box.lines + extent).contains(y)
          && (box.partitions..<box.partitions + extent).contains(z)
        mask[line: y, partition: z] = isCentral || (y + z) % 2 == 1 && y < first
      }
    }
    return mask
  }

  static func error(_ method: any Reconstruction, _ scan: KSpace) throws -> ParallelImagingError? {
    do {
      let images = try method(scan)
      for channel in 0..<images.channels { _ = try images.channel(channel) }
      return nil
    } catch let error as ParallelImagingError {
      return error
    }
  }

  @Test("a scan without calibration data is refused", arguments: methods.indices)
  func noCalibration(index: Int) throws {
    let scan = Simulation(Self.matrix, channels: 4).scan.undersampled(by: Self.mask(calibration: 0))
    #expect(try Self.error(Self.methods[index], scan) == .noCalibration)
  }

  @Test("a box smaller than the kernel is refused", arguments: methods.indices)
  func smallBox(index: Int) throws {
    let scan = Simulation(Self.matrix, channels: 4).scan.undersampled(by: Self.mask(calibration: 2))
    guard case .calibrationTooSmall = try Self.error(Self.methods[index], scan) else {
      Issue.record("a box of two lines calibrated \(Self.methods[index])")
      return
    }
  }

  @Test(
    "copies of channels and channels of zeros leave finite images, as good as without them",
    arguments: methods.indices)
  func singularCalibration(index: Int) throws {
    let simulation = Simulation(Self.matrix, channels: 4, noise: 0.02)
    let method = Self.methods[index]
    let four = simulation.scan
    var more = four
    // Twice the same channel, then one that was not plugged in.
    more.samples = NDArray(
      four.samples.elements + four.samples.part(at: 0, 3).elements
        + [Complex<Float>](repeating: .zero, count: Self.matrix.count), shape: [1, 6] + Self.matrix.shape)
    let mask = Self.mask(calibration: 16)
    let with = try method(more.undersampled(by: mask)), without = try method(four.undersampled(by: mask))
    let truth = ZeroFilled()(four)
    #expect(try with.channel(5).elements.allSatisfy { $0 == .zero })
    #expect(try relativeError(with.channel(4), with.channel(3)) < 1e-3)
    for channel in 0..<4 {
      let full = try truth.channel(channel)
      #expect(
        try relativeError(with.channel(channel), full) < 1.25 * relativeError(without.channel(channel), full))
    }
  }

  @Test("a region of k-space without support is counted and warned of", arguments: methods.indices)
  func noSupport(index: Int) throws {
    let scan = Simulation(Self.matrix, channels: 4, noise: 0.02).scan
      .undersampled(by: Self.mask(calibration: 14, emptyFrom: 23))
    let images = try Self.methods[index](scan)
    let warnings = images.diagnostics.filter(\.isWarning)
    #expect(warnings.count == 1 && (warnings[0].values.first ?? 0) > 50, "\(images.diagnostics)")
    #expect(try images.channel(0).elements.allSatisfy(\.isFinite))
    let whole = try Self.methods[index](scan.undersampled(by: Self.mask(calibration: 14)))
    #expect(whole.diagnostics.allSatisfy { !$0.isWarning })
  }
}
