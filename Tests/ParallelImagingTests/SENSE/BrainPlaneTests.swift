import MRIData
import NDArrays
import Numerics
import Operators
import ParallelImaging
import TestSupport
import Testing

@Suite("A real plane, 3.85-fold", .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
struct BrainPlaneTests {
  @Test("with BART's maps, weight and iterations, SENSE gives BART's image")
  func equalsBART() throws {
    let brain = try BrainPlane.shared.get()
    let method = SENSE(
      calibration: .given(try brain.peerSensitivities()), regularization: .tikhonov(0.001), iterations: 50,
      tolerance: 0)
    let image = try method.solution(for: brain.undersampled).images[0]
    #expect(scaledError(image, try BrainPlane.peer("pics_l2_poisson_2x2")) < 1e-5)
  }

  @Test("SENSE without any choice is better than BART's 0.105")
  func automaticSENSE() throws {
    let brain = try BrainPlane.shared.get()
    let solution = try SENSE().solution(for: brain.undersampled)
    #expect(scaledError(solution.images[0], brain.reference) < 0.078)
    #expect(solution.iterations[0] < 30 && solution.residuals[0] < 1e-3)
  }

  @Test("a two-dimensional scan at R = 3 leaves no more than noise, and the wavelets less")
  func regular() throws {
    let scan = try BrainScan.scan("brain8ch_R3_acs24")
    let full = try BrainScan.rootSumOfSquares(ZeroFilled()(BrainScan.scan("brain8ch_full")))
    let reference = full.elements, brightest = reference.max() ?? 0
    let object = reference.map { $0 > 0.1 * brightest }
    func error(_ method: some Reconstruction) throws -> Double {
      let image = try BrainScan.rootSumOfSquares(method(scan)).elements
      var (difference, power): (Double, Double) = (0, 0)
      for index in reference.indices where object[index] {
        let deviation = Double(image[index] - reference[index])
        difference += deviation * deviation
        power += Double(reference[index]) * Double(reference[index])
      }
      return (difference / power).squareRoot()
    }
    // Kernels along ky alone gave 0.079 and 0.071.
    #expect(try error(SENSE()) < 0.055)
    #expect(try error(L1WaveletSENSE()) < 0.045)
  }

  @Test("ESPIRiT's maps are BART's, up to a phase, on the same support")
  func sensitivities() throws {
    let brain = try BrainPlane.shared.get()
    let own = try ESPIRiT(kernelWidth: 6, threshold: 0.0316, crop: 0.8)(brain.undersampled).maps,
      theirs = try brain.peerSensitivities().maps
    let angles = anglesBetween(own, theirs)
    // A few voxels lie where the two largest eigenvalues are equal, and have no direction of their own.
    #expect(angles.count { $0 > 0.02 } < angles.count / 100)
    #expect(angles.count { $0 > 0.002 } < angles.count / 20)
    let support = own.elements.prefix(angles.count).indices.map { own.elements[$0] != .zero }
    #expect(support == theirs.elements.prefix(angles.count).map { $0 != .zero })
  }
}

/// The angle [rad] between the two vectors of each voxel that has both, axes `[channel, ...]`.
func anglesBetween(_ first: NDArray<Complex<Float>>, _ second: NDArray<Complex<Float>>) -> [Double] {
  let (a, b) = (first.elements, second.elements), channels = first.shape[0], voxels = a.count / channels
  return (0..<voxels).compactMap { voxel in
    var product = Complex<Double>.zero, left = 0.0, right = 0.0
    for offset in stride(from: voxel, to: a.count, by: voxels) {
      let x = Complex(Double(a[offset].real), Double(a[offset].imaginary))
      let y = Complex(Double(b[offset].real), Double(b[offset].imaginary))
      product += x.conjugate * y
      left += x.lengthSquared
      right += y.lengthSquared
    }
    guard left > 0, right > 0 else { return nil }
    return Double.acos(min(1, (product.lengthSquared / (left * right)).squareRoot()))
  }
}
