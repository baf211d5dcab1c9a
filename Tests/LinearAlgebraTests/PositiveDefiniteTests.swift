import LinearAlgebra
import NDArrays
import Numerics
import TestSupport
import Testing

@Suite("Positive-definite systems")
struct PositiveDefiniteTests {
  private typealias Singles = NDArray<Complex<Float>>

  private func single(_ matrix: Matrix) -> Singles {
    matrix.map { Complex(Float($0.real), Float($0.imaginary)) }
  }

  /// Writes a matrix from a row on, or above it from a column on, into rows of a stride.
  private func write(_ matrix: Singles, from first: Int, to elements: inout Singles) {
    let order = matrix.shape[0]
    for row in 0..<order {
      for column in max(row, first)..<max(order, row, first) { elements[row, column] = matrix[row, column] }
    }
  }

  private func solve(_ right: Singles, _ elements: inout Singles, factored: Int = 0) throws -> Singles {
    var solution = right
    let order = right.shape[1], stride = elements.shape[0]
    try solution.withUnsafeMutableBufferPointer { (solution) throws(LinearAlgebraError) in
      try elements.withUnsafeMutableBufferPointer { (elements) throws(LinearAlgebraError) in
        try solvePositiveDefinite(solution, elements, order: order, stride: stride, factored: factored)
      }
    }
    return solution
  }

  @Test("solutions satisfy their equations", arguments: [1, 2, 7, 24, 65])
  func equations(order: Int) throws {
    let matrix = positiveDefinite(order, seed: 9), right = testPattern([3, order])
    var elements = single(matrix)
    let solution = try solve(right, &elements).map { Complex(Double($0.real), Double($0.imaginary)) }
    let product = single(explicitProduct(solution, matrix))
    #expect(relativeError(product, right) < 100 * Double(order) * Double(Float.ulpOfOne))
  }

  @Test(
    "a factor whose leading block is kept solves as a new one does",
    arguments: [[1, 0], [6, 2], [24, 12], [40, 39], [17, 17]])
  func continuation(extents: [Int]) throws {
    let (order, kept) = (extents[0], extents[1]), stride = order + 3
    // Two matrices that begin alike; what is beyond the order or below the diagonal is never read.
    let first = positiveDefinite(order, seed: 21)
    var second = positiveDefinite(order, seed: 22)
    for row in 0..<kept { for column in 0..<kept { second[row, column] = first[row, column] } }
    for row in kept..<order { second[row, row] += Complex(Double(40 * order), 0) }
    let right = testPattern([2, order])
    var elements = Singles(repeating: Complex(.infinity, .infinity), shape: [stride, stride])
    write(single(first), from: 0, to: &elements)
    _ = try solve(right, &elements)
    write(single(second), from: kept, to: &elements)
    let continued = try solve(right, &elements, factored: kept)
    var fresh = single(second)
    #expect(relativeError(continued, try solve(right, &fresh)) < 100 * Double(order) * Double(Float.ulpOfOne))
  }

  @Test("a block that is not positive is named by its order in the whole matrix")
  func failures() throws {
    var elements = single(positiveDefinite(6))
    let right = testPattern([1, 6])
    _ = try solve(right, &elements)
    var matrix = positiveDefinite(6)
    matrix[4, 4] = -1
    write(single(matrix), from: 2, to: &elements)
    #expect(throws: LinearAlgebraError.notPositiveDefinite(order: 5)) {
      try solve(right, &elements, factored: 2)
    }
    matrix[2, 4] = Complex(.nan, 0)
    write(single(matrix), from: 2, to: &elements)
    #expect(throws: LinearAlgebraError.notFinite) { try solve(right, &elements, factored: 2) }
  }
}
