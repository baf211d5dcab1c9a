import MRIData
import NDArrays
import Numerics
import Testing

@testable import Phantoms

@Suite("Receive array")
struct ReceiveArrayTests {
  private func array(_ channels: Int) -> ReceiveArray {
    var generator = SeededGenerator(seed: 5)
    return ReceiveArray(channels: channels, generator: &generator)
  }

  @Test("A loop's field is the sum over short pieces of its wire")
  func biotSavart() {
    let loop = ReceiveArray.Loop(
      center: [0.01, 0.02, 0.03], normal: [0.6, 0, 0.8], radius: 0.05, phase: 0.7, noise: 1)
    let (u, v): (SIMD3<Double>, SIMD3<Double>) = ([0.8, 0, -0.6], [0, 1, 0])
    for position in [[0, 0, -0.05], [0.08, -0.03, 0.09], [-0.06, 0.07, 0.02]] as [SIMD3<Double>] {
      var field = SIMD3<Double>()
      let pieces = 2000
      for piece in 0..<pieces {
        let angle = 2 * .pi * Double(piece) / Double(pieces)
        let wire = loop.center + 0.05 * (Double.cos(angle) * u + Double.sin(angle) * v)
        // Positive current circles the normal by the right-hand rule, and u x v = normal.
        let current = 0.05 * (-Double.sin(angle) * u + Double.cos(angle) * v) * 2 * .pi / Double(pieces)
        let r = position - wire
        let cross = SIMD3(
          current.y * r.z - current.z * r.y, current.z * r.x - current.x * r.z,
          current.x * r.y - current.y * r.x)
        let length = (r * r).sum().squareRoot()
        field += cross / (length * length * length)
      }
      // The closed form is in units of mu0 I / pi, the sum in mu0 I / (4 pi).
      let expected = Complex(field.x, -field.y) * Complex(length: 0.25, phase: 0.7)
      // A wire of 4 mm instead of none, 5 cm and more away: (4/50)^2.
      #expect((loop.sensitivity(at: position) - expected).length < 0.008 * expected.length)
    }
  }

  @Test(
    "Sensitivities are finite, about 1 together in the middle, and all different", arguments: [1, 2, 8, 32])
  func sensitivities(channels: Int) {
    let geometry = Geometry(matrix: Extents(x: 31, y: 36, z: 15), voxelSize: [6.4e-3, 6.4e-3, 9.6e-3])
    let maps = array(channels).sensitivities(around: geometry)
    #expect(maps.count == channels)
    let planes = maps.map { map in
      (0..<geometry.matrix.z).map { z in
        NDArray<Complex<Float>>(uninitializedShape: [36, 31]) {
          map.evaluate(plane: z, of: geometry, into: $0)
        }
      }
    }
    #expect(planes.joined().allSatisfy { $0.elements.allSatisfy { $0.isFinite && $0 != .zero } })
    let middle = planes.reduce(Float(0)) { $0 + $1[7][18, 15].lengthSquared }.squareRoot()
    #expect(middle > 0.7 && middle < 1.3, "\(channels) channels: \(middle)")
    for (first, second) in zip(planes, planes.dropFirst()) { #expect(first[7] != second[7]) }
    // Smooth: from voxel to voxel, the second difference inside the head is a small part of the value.
    for map in planes {
      for x in 7..<24 {
        let bend = map[7][18, x - 1] + map[7][18, x + 1] - Complex(2) * map[7][18, x]
        #expect(bend.length < 0.1 * map[7][18, x].length + 0.01)
      }
    }
  }

  @Test(
    "Neighbours share 30 % of their noise at most, and the covariance is Hermitian", arguments: [1, 3, 32])
  func covariance(channels: Int) {
    let covariance = array(channels).noiseCovariance
    var trace = 0.0, strongest = 0.0
    for i in 0..<channels {
      trace += covariance[i, i].real
      #expect(covariance[i, i].imaginary == 0)
      for j in 0..<i {
        #expect((covariance[i, j] - covariance[j, i].conjugate).length < 1e-12)
        let correlation =
          covariance[i, j].length / (covariance[i, i].real * covariance[j, j].real).squareRoot()
        strongest = max(strongest, correlation)
      }
    }
    #expect(abs(trace / Double(channels) - 1) < 1e-12)
    #expect(channels == 1 || abs(strongest - 0.3) < 1e-9)
  }
}
