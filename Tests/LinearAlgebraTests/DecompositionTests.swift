import LinearAlgebra
import NDArrays
import Numerics
import TestSupport
import Testing

@Suite("Decompositions of small matrices")
struct DecompositionTests {
  /// Backward errors of these algorithms stay below a small multiple of `n eps |A|`, and `|A| < 8 n` here.
  private func tolerance(_ order: Int) -> Double { 100 * Double(order * order) * Double.ulpOfOne }

  @Test("Cholesky's factor is lower triangular and gives the matrix back", arguments: [1, 2, 3, 8, 17, 32])
  func cholesky(order: Int) throws {
    let matrix = positiveDefinite(order)
    let factor = try choleskyFactor(of: matrix)
    #expect(largestDifference(explicitProduct(factor, adjoint(factor)), matrix) < tolerance(order))
    for row in 0..<order {
      #expect(factor[row, row].imaginary == 0 && factor[row, row].real > 0)
      for column in row + 1..<max(order, row + 1) { #expect(factor[row, column] == .zero) }
    }
  }

  @Test("the inverse triangle whitens", arguments: [1, 2, 3, 8, 17, 32])
  func whitening(order: Int) throws {
    let covariance = positiveDefinite(order, seed: 3)
    let whitening = try inverseOfLowerTriangle(choleskyFactor(of: covariance))
    let white = explicitProduct(explicitProduct(whitening, covariance), adjoint(whitening))
    #expect(largestDifference(white, identity(order)) < 100 * tolerance(order))
    for row in 0..<order {
      for column in row + 1..<max(order, row + 1) { #expect(whitening[row, column] == .zero) }
    }
  }

  @Test(
    "Cholesky's factor and its inverse are NumPy's",
    .enabled(if: Python.isAvailable, "\(Python.absence)"))
  func choleskyEqualsNumPy() throws {
    let folder = try TemporaryDirectory()
    let matrix = positiveDefinite(12, seed: 5)
    try NumPyFile.write(matrix, to: folder.path("a.npy"))
    _ = try Python.run(
      """
      import sys, numpy as np
      folder = sys.argv[1]
      factor = np.linalg.cholesky(np.load(folder + "/a.npy"))
      np.save(folder + "/l.npy", factor)
      np.save(folder + "/w.npy", np.ascontiguousarray(np.linalg.inv(factor)))
      """, folder.url.path)
    let factor = try choleskyFactor(of: matrix)
    let expected: Matrix = try NumPyFile.read(folder.path("l.npy"))
    #expect(largestDifference(factor, expected) < tolerance(12))
    let inverse: Matrix = try NumPyFile.read(folder.path("w.npy"))
    #expect(largestDifference(try inverseOfLowerTriangle(factor), inverse) < 100 * tolerance(12))
  }

  @Test("matrices that cannot be decomposed are named")
  func failures() {
    var matrix = positiveDefinite(4)
    matrix[2, 2] = -1
    #expect(throws: LinearAlgebraError.notPositiveDefinite(order: 3)) { try choleskyFactor(of: matrix) }
    matrix[1, 0] = Complex(.nan, 0)
    #expect(throws: LinearAlgebraError.notFinite) { try choleskyFactor(of: matrix) }
    var triangle = identity(3)
    triangle[1, 1] = .zero
    #expect(throws: LinearAlgebraError.singular(row: 1)) { try inverseOfLowerTriangle(triangle) }
    #expect("\(LinearAlgebraError.notPositiveDefinite(order: 3))".contains("more samples than channels"))
  }

  @Test("eigenvectors are orthonormal and reproduce the matrix", arguments: [1, 2, 5, 8, 32])
  func eigensystem(order: Int) throws {
    let matrix = positiveDefinite(order, seed: 7)
    let system = try HermitianEigensystem(of: matrix.map { Complex(Float($0.real), Float($0.imaginary)) })
    let vectors = system.vectors.map { Complex(Double($0.real), Double($0.imaginary)) }
    let floatTolerance = 10 * Double(order) * Double(Float.ulpOfOne)

    #expect(system.values == system.values.sorted())
    #expect(largestDifference(explicitProduct(vectors, adjoint(vectors)), identity(order)) < floatTolerance)
    for k in 0..<order {
      let vector = Matrix(vectors.part(at: k).elements, shape: [order, 1])
      let image = explicitProduct(matrix, vector)
      let scaled = vector.map { $0 * Complex(Double(system.values[k]), 0) }
      #expect(largestDifference(image, scaled) < 8 * Double(order) * floatTolerance)
    }
  }

  @Test(
    "the unitary factor is unitary, and what is left of the matrix is positive", arguments: [1, 2, 5, 12])
  func unitaryFactors(order: Int) throws {
    let matrix = randomMatrix(order, order, seed: 11)
    let factor = try unitaryFactor(of: matrix.map { Complex(Float($0.real), Float($0.imaginary)) })
      .map { Complex(Double($0.real), Double($0.imaginary)) }
    let tolerance = 20 * Double(order) * Double(Float.ulpOfOne)
    #expect(largestDifference(explicitProduct(factor, adjoint(factor)), identity(order)) < tolerance)
    let rest = explicitProduct(adjoint(factor), matrix)
    #expect(largestDifference(rest, adjoint(rest)) < Double(order) * tolerance)
    let values = try HermitianEigensystem(of: rest.map { Complex(Float($0.real), Float($0.imaginary)) })
      .values
    #expect(values[0] > -Float(tolerance))
    // Nothing to align is no reason to fail.
    let none = NDArray<Complex<Float>>(repeating: .zero, shape: [order, order])
    let some = try unitaryFactor(of: none).map { Complex(Double($0.real), Double($0.imaginary)) }
    #expect(largestDifference(explicitProduct(some, adjoint(some)), identity(order)) < tolerance)
  }

  @Test("only the lower triangle is read")
  func lowerTriangle() throws {
    let matrix = positiveDefinite(5)
    var half = matrix
    for row in 0..<5 { for column in row + 1..<5 { half[row, column] = Complex(9, 9) } }
    #expect(try choleskyFactor(of: half) == choleskyFactor(of: matrix))
    func single(_ matrix: Matrix) -> NDArray<Complex<Float>> {
      matrix.map { Complex(Float($0.real), Float($0.imaginary)) }
    }
    let whole = try HermitianEigensystem(of: single(matrix))
    #expect(try HermitianEigensystem(of: single(half)).vectors == whole.vectors)
  }

  @Test(
    "a matrix product is the explicit one", arguments: [[1, 1, 1], [3, 5, 2], [8, 256, 8], [32, 77, 32]])
  func products(extents: [Int]) {
    let (rows, columns, inner) = (extents[0], extents[1], extents[2])
    let left = testPattern([rows, inner]), right = testPattern([inner, columns], seed: 2)
    let product = NDArray<Complex<Float>>(uninitializedShape: [rows, columns]) { target in
      left.withUnsafeBufferPointer { left in
        right.withUnsafeBufferPointer { right in
          multiply(left, right, into: target, rows: rows, columns: columns, inner: inner)
        }
      }
    }
    let expected = explicitProduct(
      left.map { Complex(Double($0.real), Double($0.imaginary)) },
      right.map { Complex(Double($0.real), Double($0.imaginary)) })
    let error = relativeError(product, expected.map { Complex(Float($0.real), Float($0.imaginary)) })
    #expect(error < 4 * Double(Float.ulpOfOne) * Double(inner).squareRoot())
  }

  @Test(
    "a Gram matrix is the explicit one and adds to what is there", arguments: [[1, 1], [5, 3], [40, 17]])
  func gramMatrices(extents: [Int]) {
    let (rows, order) = (extents[0], extents[1])
    let design = testPattern([rows, order])
    var gram = NDArray<Complex<Float>>(repeating: 1, shape: [order, order])
    design.withUnsafeBufferPointer { addGramMatrix(of: $0, times: 0.5, to: &gram) }
    let double = design.map { Complex(Double($0.real), Double($0.imaginary)) }
    let expected = explicitProduct(adjoint(double), double)
    for row in 0..<order {
      for column in 0...row {
        let value = Complex(Double(gram[row, column].real), Double(gram[row, column].imaginary))
        let truth = expected[row, column].multiplied(by: 0.5) + 1
        #expect((value - truth).length < 1e-5 * Double(rows))
      }
      for column in row + 1..<max(order, row + 1) { #expect(gram[row, column] == 1) }
    }
  }

  @Test("least squares leave a residual orthogonal to every column")
  func normalEquations() throws {
    let design = testPattern([40, 6]).map { Double($0.real) }
    let observations = testPattern([40], seed: 2).elements.map { Double($0.real) }
    let solution = try leastSquares(design, observations)
    let residual = (0..<40).map { row in
      (0..<6).reduce(observations[row]) { $0 - design[row, $1] * solution[$1] }
    }
    #expect(residual.contains { abs($0) > 0.1 })
    for column in 0..<6 {
      #expect(abs((0..<40).reduce(0) { $0 + design[$1, column] * residual[$1] }) < 1e-13)
    }
  }

  @Test("a square system is solved, dependent columns are named")
  func exactAndDependent() throws {
    let design = NDArray<Double>([2, 1, 1, 3], shape: [2, 2])
    let solution = try leastSquares(design, [4, 7])
    #expect(abs(solution[0] - 1) < 1e-14 && abs(solution[1] - 2) < 1e-14)
    #expect(throws: LinearAlgebraError.dependentColumns(column: 1)) {
      try leastSquares(NDArray([1, 0, 1, 0], shape: [2, 2]), [1, 1])
    }
  }
}
