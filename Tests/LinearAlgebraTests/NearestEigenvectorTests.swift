import LinearAlgebra
import NDArrays
import Numerics
import TestSupport
import Testing

@Suite("Eigenvectors nearest to a bound")
struct NearestEigenvectorTests {
  /// The matrices of eight voxels with given eigenvalues, and the eigenvectors of the largest.
  private func pack(_ order: Int, _ values: (_ lane: Int) -> [Float]) -> (
    cells: [Lanes], vectors: [[Complex<Double>]]
  ) {
    let layout = HermitianPacks(order: order)
    var cells = [Lanes](repeating: .zero, count: layout.stride)
    var vectors: [[Complex<Double>]] = []
    for lane in 0..<8 {
      let system = try? HermitianEigensystem(
        of: positiveDefinite(order, seed: UInt64(order + lane)).map {
          Complex(Float($0.real), Float($0.imaginary))
        })
      let rows = (system?.vectors ?? NDArray(repeating: .zero, shape: [order, order])).map {
        Complex(Double($0.real), Double($0.imaginary))
      }
      let values = values(lane)
      layout.forEachEntry { row, column, offset in
        var entry = Complex<Double>.zero
        for index in 0..<order {
          entry += Complex(Double(values[index]), 0) * rows[index, row] * rows[index, column].conjugate
        }
        cells[offset][lane] = Float(entry.real)
        if row != column { cells[offset + 1][lane] = Float(entry.imaginary) }
      }
      vectors.append(rows.part(at: order - 1).elements)
    }
    return (cells, vectors)
  }

  private func eigenvector(_ order: Int, of cells: [Lanes]) -> (
    values: Lanes, real: [Lanes], imaginary: [Lanes]
  ) {
    var real = [Lanes](repeating: .zero, count: order), imaginary = real
    let values = HermitianPacks(order: order).eigenvector(
      of: cells, nearestTo: 1.001, real: &real, imaginary: &imaginary)
    return (values, real, imaginary)
  }

  @Test(
    "are found where another eigenvalue is close below, for which the power iteration takes hundreds of steps",
    arguments: [2, 3, 8, 16])
  func closeEigenvalues(order: Int) {
    let (cells, vectors) = pack(order) { lane in
      (0..<order).map { $0 == order - 1 ? 0.999 : $0 == order - 2 ? 0.98 - 0.01 * Float(lane) : 0.1 }
    }
    let (values, real, imaginary) = eigenvector(order, of: cells)
    for lane in 0..<8 {
      var product = Complex<Double>.zero, length = 0.0
      for index in 0..<order {
        let value = Complex(Double(real[index][lane]), Double(imaginary[index][lane]))
        product += vectors[lane][index].conjugate * value
        length += value.lengthSquared
      }
      #expect(abs(values[lane] - 0.999) < 1e-5)
      #expect(abs(length - 1) < 1e-5)
      #expect(product.length > 1 - 1e-4)
    }
  }

  @Test("of a single channel are one, and a matrix of zeros has an eigenvalue of zero")
  func trivialMatrices() {
    let (values, real, imaginary) = eigenvector(1, of: [Lanes(0.2, 0, 1, 0.5, 0.9, 0.1, 0.7, 0.3)])
    #expect(real[0] == Lanes(repeating: 1) && imaginary[0] == .zero)
    for (lane, expected) in [0.2, 0, 1, 0.5, 0.9, 0.1, 0.7, 0.3].enumerated() {
      #expect(abs(values[lane] - Float(expected)) < 1e-5)
    }
    let none = eigenvector(3, of: [Lanes](repeating: .zero, count: HermitianPacks(order: 3).stride))
    for lane in 0..<8 { #expect(abs(none.values[lane]) < 1e-5) }
  }
}
