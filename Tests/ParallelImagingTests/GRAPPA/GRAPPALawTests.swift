import MRIData
import NDArrays
import Numerics
import Operators
import ParallelImaging
import TestSupport
import Testing

@Suite("GRAPPA")
struct GRAPPALawTests {
  static let matrices = [
    Extents(x: 24, y: 24, z: 20), Extents(x: 17, y: 29, z: 23), Extents(x: 1, y: 31, z: 24),
    Extents(x: 32, y: 37, z: 1), Extents(x: 16, y: 1, z: 33),
  ]

  @Test("returns acquired samples bit for bit and fills all others", arguments: matrices)
  func acquiredSamples(matrix: Extents) throws {
    let scan = SmoothScan.scan(matrix, channels: 4, echoes: 2).undersampled()
    let filling = try GRAPPA().filled(scan)
    for echo in 0..<scan.echoes {
      let kept = SamplingOperator(scan.masks[echo])
      #expect(kept(filling.scan.samples.part(at: echo)) == scan.samples.part(at: echo))
    }
    let missing = scan.masks.reduce(0) { $0 + $1.lines * $1.partitions - $1.acquiredCount }
    #expect(missing > 0 && filling.supports.values.reduce(filling.unsupported, +) == missing)
    #expect(filling.unsupported == 0 && filling.scan.isFullySampled)
  }

  @Test("returns a fully sampled scan as it is")
  func fullScan() throws {
    let scan = SmoothScan.scan(Extents(x: 8, y: 7, z: 5), channels: 2)
    let filling = try GRAPPA().filled(scan)
    #expect(filling.scan.samples == scan.samples && filling.supports.isEmpty && filling.unsupported == 0)
  }

  // Channels that see each other's neighbours leave a checkerboard's missing lines no freedom. Without noise all
  // that bends the weights is the smallest damping, 1e-5 of the signal power, and rounding seen through it.
  @Test("is exact for k-space that obeys a kernel", arguments: matrices)
  func exact(matrix: Extents) throws {
    let full = ShiftedScan.scan(matrix)
    let scan = full.sampledAsCheckerboard()
    let filled = try GRAPPA().filled(scan).scan
    let inside = ShiftedScan.interior(matrix)
    #expect(relativeError(inside(filled.samples), inside(full.samples)) < 1e-3)
    #expect(relativeError(inside(scan.samples), inside(full.samples)) > 0.2, "there was much to fill")
  }

  @Test("commutes with a permutation of the channels")
  func permutation() throws {
    let scan = SmoothScan.scan(Extents(x: 17, y: 29, z: 23), channels: 3).undersampled()
    let order = [2, 0, 1]
    var permuted = scan
    for (target, source) in order.enumerated() {
      permuted.samples.setPart(at: 0, target, to: scan.samples.part(at: 0, source))
    }
    let (result, other) = (try GRAPPA().filled(scan).scan, try GRAPPA().filled(permuted).scan)
    for (target, source) in order.enumerated() {
      let (a, b) = (other.volume(echo: 0, channel: target), result.volume(echo: 0, channel: source))
      // Sums in another order, times the condition of the damped covariance (1e5 at most).
      #expect(relativeError(a, b) < 0.01)
    }
  }

  @Test("fills a single channel")
  func singleChannel() throws {
    let full = SmoothScan.scan(Extents(x: 16, y: 30, z: 1), channels: 1)
    let scan = full.undersampled()
    let filled = try GRAPPA().filled(scan).scan
    #expect(relativeError(filled.samples, full.samples) < relativeError(scan.samples, full.samples))
  }

  @Test("leaves a silent channel silent, and the others as good as without it")
  func silentChannel() throws {
    let full = SmoothScan.scan(Extents(x: 16, y: 30, z: 21), channels: 3)
    let three = full.undersampled()
    var four = three
    four.samples = NDArray(repeating: .zero, shape: [1, 4] + three.geometry.matrix.shape)
    for channel in 0..<3 { four.samples.setPart(at: 0, channel, to: three.samples.part(at: 0, channel)) }
    let (with, without) = (try GRAPPA().filled(four).scan, try GRAPPA().filled(three).scan)
    #expect(with.volume(echo: 0, channel: 3).elements.allSatisfy { $0 == .zero })
    for channel in 0..<3 {
      let truth = full.volume(echo: 0, channel: channel)
      let error = relativeError(with.volume(echo: 0, channel: channel), truth)
      #expect(error < 1.1 * relativeError(without.volume(echo: 0, channel: channel), truth))
    }
  }

  @Test("counts lines out of reach and leaves them zero")
  func unsupported() throws {
    var scan = SmoothScan.scan(Extents(x: 16, y: 60, z: 1), channels: 4)
    var mask = SamplingMask(lines: 60, partitions: 1, isAcquired: false)
    for line in 20..<40 { mask[line: line, partition: 0] = true }
    scan.samples = SamplingOperator(mask)(scan.samples)
    scan.masks = [mask]
    let filling = try GRAPPA().filled(scan)
    // The region of 20 lines lets lines look 8 steps: lines 12 to 19 and 40 to 47 are filled.
    #expect(filling.unsupported == 24)
    #expect(!filling.scan.masks[0][line: 11, partition: 0] && filling.scan.masks[0][line: 12, partition: 0])
    #expect(filling.scan.samples.part(at: 0, 0, 0, 11).elements.allSatisfy { $0 == .zero })
  }

  @Test("says what calibration is missing")
  func badCalibration() throws {
    var scan = SmoothScan.scan(Extents(x: 16, y: 32, z: 1), channels: 2)
    var mask = SamplingMask(lines: 32, partitions: 1, isAcquired: false)
    for line in stride(from: 1, to: 32, by: 2) { mask[line: line, partition: 0] = true }
    scan.masks = [mask]
    #expect(throws: ParallelImagingError.noCalibration) { try GRAPPA().filled(scan) }
    for line in 14..<18 { mask[line: line, partition: 0] = true }
    scan.masks = [mask]
    let kernel = GRAPPA.Kernel(radius: 3, readoutWidth: 3, lines: 4)
    let error = ParallelImagingError.calibrationTooSmall(lines: 4, partitions: 1, kernel: "7x1")
    #expect(throws: error) { try GRAPPA(kernel: kernel).filled(scan) }
    scan.samples = NDArray(repeating: .zero, shape: scan.samples.shape)
    #expect(throws: ParallelImagingError.calibrationWithoutSignal) { try GRAPPA().filled(scan) }
    scan.samples = NDArray(repeating: Complex(.infinity, 0), shape: scan.samples.shape)
    #expect(throws: ParallelImagingError.calibrationNotFinite) { try GRAPPA().filled(scan) }
  }
}
