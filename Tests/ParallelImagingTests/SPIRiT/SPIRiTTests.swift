import MRIData
import NDArrays
import Numerics
import Operators
import ParallelImaging
import TestSupport
import Testing

@Suite("SPIRiT")
struct SPIRiTTests {
  static let matrices = [
    Extents(x: 12, y: 24, z: 20), Extents(x: 7, y: 29, z: 23), Extents(x: 1, y: 31, z: 24),
    Extents(x: 32, y: 37, z: 1), Extents(x: 16, y: 1, z: 33),
  ]

  @Test("returns acquired samples bit for bit and fills all others", arguments: matrices)
  func acquiredSamples(matrix: Extents) throws {
    let scan = SmoothScan.scan(matrix, channels: 4, echoes: 2).undersampled()
    for filling in [try SPIRiT(iterations: 3).filled(scan), try L1WaveletSPIRiT(iterations: 3).filled(scan)] {
      for echo in 0..<scan.echoes {
        let kept = SamplingOperator(scan.masks[echo])
        #expect(kept(filling.scan.samples.part(at: echo)) == scan.samples.part(at: echo))
      }
      // Half of the lines of a single axis leave gaps wider than the kernel.
      #expect(filling.scan.isFullySampled && (filling.unsupported == 0 || matrix.y == 1 || matrix.z == 1))
      #expect(filling.scan.samples.squaredNorm.isFinite)
      #expect(filling.scan.samples.squaredNorm > 1.01 * scan.samples.squaredNorm)
    }
  }

  @Test("returns a fully sampled scan as it is")
  func fullScan() throws {
    let scan = SmoothScan.scan(Extents(x: 8, y: 7, z: 5), channels: 2)
    #expect(try SPIRiT().filled(scan).scan.samples == scan.samples)
    #expect(try L1WaveletSPIRiT().filled(scan).scan.samples == scan.samples)
    // And leaves a fully sampled echo alone.
    var two = SmoothScan.scan(Extents(x: 8, y: 24, z: 20), channels: 3, echoes: 2)
    let whole = two
    two = two.undersampled()
    two.masks[0] = whole.masks[0]
    two.samples.setPart(at: 0, to: whole.samples.part(at: 0))
    let filling = try SPIRiT().filled(two)
    #expect(filling.scan.samples.part(at: 0) == whole.samples.part(at: 0))
    #expect(filling.iterations[0] == 0 && filling.iterations[1] > 0)
  }

  // Channels that see each other's neighbours leave a checkerboard's missing lines no freedom.
  @Test("is exact for k-space that obeys a kernel", arguments: matrices)
  func exact(matrix: Extents) throws {
    let full = ShiftedScan.scan(matrix), scan = full.sampledAsCheckerboard()
    let inside = ShiftedScan.interior(matrix)
    let spirit = SPIRiT(damping: 1e-6, iterations: 100, tolerance: 1e-6)
    #expect(relativeError(inside(try spirit.filled(scan).scan.samples), inside(full.samples)) < 2e-3)
    #expect(relativeError(inside(scan.samples), inside(full.samples)) > 0.2, "there was much to fill")
    let wavelets = L1WaveletSPIRiT(damping: 1e-6, weight: 0, iterations: 300)
    #expect(relativeError(inside(try wavelets.filled(scan).scan.samples), inside(full.samples)) < 0.02)
  }

  @Test("keeps outside of an asymmetric echo zero")
  func asymmetricEcho() throws {
    var scan = SmoothScan.scan(Extents(x: 16, y: 24, z: 20), channels: 3).undersampled()
    scan.readoutRange = 3..<16
    scan.samples.withUnsafeMutableBufferPointer { samples in
      for index in samples.indices where index % 16 < 3 { samples[index] = .zero }
    }
    let samples = try SPIRiT().filled(scan).scan.samples.elements
    #expect(samples.indices.allSatisfy { $0 % 16 >= 3 || samples[$0] == .zero })
  }

  @Test("leaves a silent channel silent, and the others as good as without it")
  func silentChannel() throws {
    let full = SmoothScan.scan(Extents(x: 8, y: 30, z: 21), channels: 3)
    let three = full.undersampled()
    var four = three
    four.samples = NDArray(repeating: .zero, shape: [1, 4] + three.geometry.matrix.shape)
    for channel in 0..<3 { four.samples.setPart(at: 0, channel, to: three.samples.part(at: 0, channel)) }
    let (with, without) = (try SPIRiT().filled(four).scan, try SPIRiT().filled(three).scan)
    #expect(with.volume(echo: 0, channel: 3).elements.allSatisfy { $0 == .zero })
    for channel in 0..<3 {
      let truth = full.volume(echo: 0, channel: channel)
      let error = relativeError(with.volume(echo: 0, channel: channel), truth)
      #expect(error < 1.2 * relativeError(without.volume(echo: 0, channel: channel), truth))
    }
  }

  @Test("counts positions without acquired neighbours")
  func unsupported() throws {
    var scan = SmoothScan.scan(Extents(x: 4, y: 60, z: 1), channels: 4)
    var mask = SamplingMask(lines: 60, partitions: 1, isAcquired: false)
    for line in 20..<40 { mask[line: line, partition: 0] = true }
    scan.samples = SamplingOperator(mask)(scan.samples)
    scan.masks = [mask]
    // A kernel of five lines reaches lines 18, 19, 40 and 41.
    #expect(try SPIRiT().filled(scan).unsupported == 36)
  }

  @Test("says what calibration is missing")
  func badCalibration() throws {
    var scan = SmoothScan.scan(Extents(x: 4, y: 32, z: 1), channels: 2)
    var mask = SamplingMask(lines: 32, partitions: 1, isAcquired: false)
    for line in stride(from: 1, to: 32, by: 2) { mask[line: line, partition: 0] = true }
    scan.masks = [mask]
    #expect(throws: ParallelImagingError.noCalibration) { try SPIRiT().filled(scan) }
    for line in 14..<18 { mask[line: line, partition: 0] = true }
    scan.masks = [mask]
    let error = ParallelImagingError.calibrationTooSmall(lines: 4, partitions: 1, kernel: "3x1")
    #expect(throws: error) { try SPIRiT().filled(scan) }
    for line in 10..<22 { mask[line: line, partition: 0] = true }
    scan.masks = [mask]
    scan.samples = NDArray(repeating: .zero, shape: scan.samples.shape)
    #expect(throws: ParallelImagingError.calibrationWithoutSignal) { try SPIRiT().filled(scan) }
    scan.samples = NDArray(repeating: Complex(.infinity, 0), shape: scan.samples.shape)
    #expect(throws: ParallelImagingError.calibrationNotFinite) { try SPIRiT().filled(scan) }
  }
}

@Suite("SPIRiT of a real plane", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct SPIRiTRealScanTests {
  @Test("with wavelets, is better than L1-wavelet SENSE (0.063), and without than SENSE (0.078), at 3.85")
  func poisson() throws {
    let brain = try BrainPlane.shared.get()
    let full = try BrainScan.combined(ZeroFilled()(brain.full))
    func error(_ images: ChannelImages) throws -> Double {
      try BrainScan.fittedError(BrainScan.combined(images), full)
    }
    let wavelets = try error(L1WaveletSPIRiT()(brain.undersampled))
    #expect(wavelets < 0.0625)
    let plain = try error(SPIRiT()(brain.undersampled))
    #expect(plain < 0.077)
  }
}
