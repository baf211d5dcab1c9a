import ImageFiles
import MRIData
import NDArrays
import Numerics
import RawData
import TestSupport

/// The plane of a real brain scan that the peers were measured on, with what they made of it.
struct BrainPlane {
  /// All samples, as measured.
  let full: KSpace
  /// The samples of the peers' Poisson-disk mask, 3.85-fold.
  let undersampled: KSpace
  /// BART's combination of all samples, `[1, 230, 180]` as `[z, y, x]`.
  let reference: NDArray<Complex<Float>>

  /// The scan, read once for all tests.
  static let shared = Result { try BrainPlane() }

  private init() throws {
    full = try KSpace(MRDFile(at: SharedData.path("mrd/brain8ch_plane_full.h5")))
    let flags = try BrainPlane.peer("poisson_y2.0_z2.0_s11").map { $0.real > 0.5 }
    let mask = SamplingMask(isAcquired: flags.reshaped(to: [full.partitions, full.lines]))
    undersampled = full.undersampled(by: mask)
    reference = try BrainPlane.peer("pics_full").reshaped(to: full.geometry.matrix.shape)
  }

  /// A peer's result, axes as the scan's.
  static func peer(_ name: String) throws -> NDArray<Complex<Float>> {
    try CFLFile.readScan(SharedData.path("reference/" + name))
  }

  /// Sensitivities that BART's `ecalib` found.
  func peerSensitivities() throws -> CoilSensitivities {
    let maps = try BrainPlane.peer("ecalib_m1_k6_r24")
    return CoilSensitivities(maps.part(at: 0), geometry: full.geometry)
  }
}

/// The relative error of an image after the complex scaling that makes it smallest.
func scaledError(_ image: NDArray<Complex<Float>>, _ reference: NDArray<Complex<Float>>) -> Double {
  precondition(image.count == reference.count, "shapes \(image.shape) and \(reference.shape)")
  var product = Complex<Double>.zero, norm = 0.0, square = 0.0
  for (x, r) in zip(image.elements, reference.elements) {
    let a = Complex(Double(x.real), Double(x.imaginary)), b = Complex(Double(r.real), Double(r.imaginary))
    product += a.conjugate * b
    norm += a.lengthSquared
    square += b.lengthSquared
  }
  // |s x - r|^2 = |r|^2 - |<x, r>|^2 / |x|^2 at its smallest.
  return max(0, 1 - product.lengthSquared / (norm * square)).squareRoot()
}
