import Foundation
import MRIData
import NDArrays
import Numerics
import Operators
import ParallelImaging
import RawData
import TestSupport
import Testing

/// The in-vivo brain of 8 channels, and scores that peers were measured with.
enum BrainScan {
  static func scan(_ name: String) throws -> KSpace {
    try KSpace(MRDFile(at: SharedData.path("mrd/\(name).h5")))
  }

  /// A file of BART's, with its first axis fastest.
  static func cfl(_ name: String) throws -> [Complex<Float>] {
    let data = try Data(contentsOf: URL(filePath: SharedData.path("reference/\(name).cfl")))
    return data.withUnsafeBytes { Array($0.bindMemory(to: Complex<Float>.self)) }
  }

  /// The Poisson-disk mask of 3.85-fold acceleration.
  static func poissonMask() throws -> SamplingMask {
    let flags = try cfl("poisson_y2.0_z2.0_s11").map { $0.real > 0.5 }
    return SamplingMask(isAcquired: NDArray(flags, shape: [180, 230]))
  }

  /// Magnitudes combined as the root of the sum of squares.
  static func rootSumOfSquares(_ images: ChannelImages) throws -> NDArray<Float> {
    var sum = NDArray<Float>(repeating: 0, shape: images.shape)
    for channel in 0..<images.channels {
      let image = try images.channel(channel)
      for (index, value) in image.elements.enumerated() {
        sum.withUnsafeMutableBufferPointer { $0[index] += value.lengthSquared }
      }
    }
    return sum.map { $0.squareRoot() }
  }

  /// The sum over the channels, weighted with BART's maps, and its error against that of the fully sampled scan,
  /// each scaled to fit.
  static func combined(_ images: ChannelImages) throws -> [Complex<Float>] {
    let maps = try cfl("ecalib_m1_k6_r24")
    var sum = [Complex<Float>](repeating: .zero, count: 230 * 180)
    for channel in 0..<images.channels {
      for (index, value) in try images.channel(channel).elements.enumerated() {
        sum[index] += maps[channel * sum.count + index].conjugate * value
      }
    }
    return sum
  }

  /// The error of an image after the complex factor that fits it best.
  static func fittedError(_ image: [Complex<Float>], _ reference: [Complex<Float>]) -> Double {
    var overlap = Complex<Double>.zero, norm = 0.0, referenceNorm = 0.0
    for (a, b) in zip(image, reference) {
      let a = Complex(Double(a.real), Double(a.imaginary)), b = Complex(Double(b.real), Double(b.imaginary))
      overlap += a.conjugate * b
      norm += a.lengthSquared
      referenceNorm += b.lengthSquared
    }
    return (1 - overlap.lengthSquared / (norm * referenceNorm)).squareRoot()
  }
}

@Suite("GRAPPA of real scans", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct GRAPPARealScanTests {
  @Test("is closer to the full scan than pygrappa's 0.0680 at R = 3, by a fifth")
  func regular() throws {
    let scan = try BrainScan.scan("brain8ch_R3_acs24")
    let full = try BrainScan.rootSumOfSquares(ZeroFilled()(BrainScan.scan("brain8ch_full")))
    let zeroFilled = try BrainScan.rootSumOfSquares(ZeroFilled()(scan.withEmbeddedCalibration))
    #expect(abs(relativeError(zeroFilled, full) - 0.15803) < 1e-4, "the metric is the peers'")
    let error = try relativeError(BrainScan.rootSumOfSquares(GRAPPA()(scan)), full)
    #expect(error < 0.0544)
  }

  @Test("is within a tenth of BART's l1-wavelet SENSE (0.0667) on a Poisson-disk mask of 3.85")
  func poisson() throws {
    var scan = try BrainScan.scan("brain8ch_plane_full")
    let full = try BrainScan.combined(ZeroFilled()(scan))
    let mask = try BrainScan.poissonMask()
    scan.samples = SamplingOperator(mask)(scan.samples)
    scan.masks = [mask]
    let filling = try GRAPPA().filled(scan)
    let error = try BrainScan.fittedError(BrainScan.combined(ZeroFilled()(filling.scan)), full)
    #expect(error < 0.0734)
  }
}
