import MRIData
import NDArrays
import Numerics
import QSM
import TestSupport
import Testing

@Suite("Relaxation and susceptibility weighting")
struct RelaxationTests {
  @Test(
    "ARLO returns the rate of an exponential, to the fourth order of R2* dTE", arguments: [5.0, 20, 60, 120])
  func rates(rate: Double) throws {
    let times = (0..<8).map { 0.0033 + 0.0031 * Double($0) }
    let decay = NDArray(times.map { Float(100 * Double.exp(-rate * $0)) }, shape: [8, 1, 1, 1])
    let result = Double(try ARLO()(decay, echoTimes: times)[0, 0, 0])
    // Simpson's rule over two steps h of exp(-R t) is off by (R h)^4 / 180 of its value.
    let order = rate * 0.0031
    #expect(abs(result / rate - 1) < 2 * order * order * order * order / 180 + 1e-5)
  }

  @Test("what does not decay has no rate, and unequal echoes are refused")
  func limits() throws {
    let flat = NDArray<Float>(repeating: 0, shape: [3, 1, 2, 2])
    #expect(try ARLO()(flat, echoTimes: [0.01, 0.02, 0.03]).elements.allSatisfy { $0 == 0 })
    for times in [[0.01, 0.02, 0.035], [0.01, 0.02], [0.03, 0.02, 0.01]] {
      #expect(throws: QSMError.notEquallySpaced(times)) { try ARLO()(flat, echoTimes: times) }
    }
  }

  @Test("susceptibility weighting darkens positive phase of small things only, and projections find it")
  func weighting() throws {
    let matrix = Extents(x: 33, y: 32, z: 9)
    var image = NDArray(repeating: Complex<Float>(10, 0), shape: matrix.shape)
    for index in 0..<matrix.count {
      let x = Double(index % 33) / 33
      image.withUnsafeMutableBufferPointer { $0[index] = Complex(length: 10, phase: Float(2 * x)) }
    }
    image[4, 16, 16] = image[4, 16, 16] * Complex(length: 1, phase: 1.5)
    image[4, 16, 8] = image[4, 16, 8] * Complex(length: 1, phase: -1.5)
    let geometry = Geometry(matrix: matrix, voxelSize: [1e-3, 1e-3, 2e-3])
    let weighted = SusceptibilityWeightedImage()(ImageVolumes(image, geometry: geometry))
    let vein = weighted[0][4, 16, 16]
    #expect(vein < 10 * 0.1 && weighted[0][4, 16, 8] > 9.9)
    #expect(weighted[0][4, 24, 16] > 8)
    let projected = MinimumIntensityProjection(thickness: 6e-3)(weighted)[0]
    #expect(projected[3, 16, 16] == vein && projected[5, 16, 16] == vein && projected[6, 16, 16] > 8)
    let plain = SusceptibilityWeightedImage(power: 0)(ImageVolumes(image, geometry: geometry))[0]
    #expect(plain.elements.allSatisfy { abs($0 - 10) < 1e-4 })
  }
}
