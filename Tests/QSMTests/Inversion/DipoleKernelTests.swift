import Foundation
import FourierTransforms
import MRIData
import NDArrays
import Numerics
import QSM
import TestSupport
import Testing

@Suite struct DipoleKernelTests {
  static let shapes = [Extents(x: 8, y: 6, z: 10), Extents(x: 7, y: 9, z: 5), Extents(x: 6, y: 5, z: 1)]

  /// NumPy's complex transform with the kernel by its definition; the field is the real part.
  @Test(.enabled(if: Python.isAvailable, Comment(rawValue: Python.absence)), arguments: shapes)
  func fieldEqualsNumPys(_ matrix: Extents) throws {
    let direction = SIMD3(0.36, -0.48, 0.8)
    let chi = testPattern(matrix.shape).map(\.real)
    let script = """
      import sys, numpy as np
      n = [\(matrix.z), \(matrix.y), \(matrix.x)]
      chi = np.array([float(v) for v in sys.argv[1].split()]).reshape(n)
      k = np.meshgrid(*[np.fft.fftfreq(m, d) for m, d in zip(n, (2.0, 0.9, 0.8))], indexing='ij')
      along = k[0] * 0.8 - k[1] * 0.48 + k[2] * 0.36
      square = k[0]**2 + k[1]**2 + k[2]**2
      square[0, 0, 0] = 1
      kernel = 1 / 3 - along**2 / square
      kernel[0, 0, 0] = 0
      print(*np.fft.ifftn(kernel * np.fft.fftn(chi)).real.ravel())
      """
    let text = try Python.run(script, chi.elements.map { "\($0)" }.joined(separator: " "))
    let expected = NDArray(
      text.split(whereSeparator: \.isWhitespace).compactMap { Float($0) }, shape: matrix.shape)
    let kernel = DipoleKernel(matrix: matrix, voxelSize: [0.8, 0.9, 2], direction: direction)
    #expect(relativeError(kernel.field(of: chi), expected) < 2e-6)
  }

  /// The field of a sphere is that of a dipole outside, and zero inside.
  @Test func sphereHasTheFieldOfADipole() {
    let matrix = Extents(x: 96, y: 90, z: 50)
    let size = SIMD3(1.0, 1.0, 2.0)
    let b = SIMD3(0.0, 0.6, 0.8)
    func offset(_ x: Int, _ y: Int, _ z: Int) -> SIMD3<Double> {
      [Double(x - 48) * size.x, Double(y - 45) * size.y, Double(z - 25) * size.z]
    }
    var chi = NDArray<Float>(repeating: 0, shape: matrix.shape)
    var volume = 0.0
    for z in 0..<matrix.z {
      for y in 0..<matrix.y {
        for x in 0..<matrix.x where (offset(x, y, z) * offset(x, y, z)).sum() <= 64 {
          chi[z, y, x] = 1
          volume += 2
        }
      }
    }
    let field = DipoleKernel(matrix: matrix, voxelSize: size, direction: b).field(of: chi)
    // The mean of the field is zero in one, the sphere's share of the volume times 1/3 in the other at most.
    for (x, y, z) in [(62, 45, 25), (48, 60, 25), (48, 45, 33), (55, 55, 30)] {
      let r = offset(x, y, z)
      let square = (r * r).sum()
      let along = (r * b).sum()
      let expected = volume / (4 * .pi) * (3 * along * along / square - 1) / (square * square.squareRoot())
      #expect(abs(Double(field[z, y, x]) - expected) < 0.01)
    }
    #expect(abs(field[25, 45, 48]) < 0.01)
  }

  @Test func turningVolumeAndFieldTogetherChangesNothing() {
    let matrix = Extents(x: 9, y: 12, z: 10)
    let chi = testPattern(matrix.shape).map(\.real)
    // x -> y -> z -> x
    let turnedMatrix = Extents(x: 10, y: 9, z: 12)
    func turned(_ array: NDArray<Float>) -> NDArray<Float> {
      var result = NDArray<Float>(repeating: 0, shape: turnedMatrix.shape)
      for z in 0..<10 { for y in 0..<12 { for x in 0..<9 { result[y, x, z] = array[z, y, x] } } }
      return result
    }
    let field = DipoleKernel(matrix: matrix, voxelSize: [1, 1.5, 2], direction: [0.36, -0.48, 0.8]).field(
      of: chi)
    let other = DipoleKernel(
      matrix: turnedMatrix, voxelSize: [2, 1, 1.5], direction: [0.8, 0.36, -0.48]
    ).field(of: turned(chi))
    #expect(relativeError(other, turned(field)) < 2e-6)
  }
}
