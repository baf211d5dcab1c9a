import NDArrays
import Numerics
import TestSupport

typealias Matrix = NDArray<Complex<Double>>

/// A random complex matrix in double precision.
func randomMatrix(_ rows: Int, _ columns: Int, seed: UInt64 = 1) -> Matrix {
  testPattern([rows, columns], seed: seed).map { Complex(Double($0.real), Double($0.imaginary)) }
}

/// The product by its definition.
func explicitProduct(_ left: Matrix, _ right: Matrix) -> Matrix {
  var product = Matrix(repeating: .zero, shape: [left.shape[0], right.shape[1]])
  for row in 0..<left.shape[0] {
    for column in 0..<right.shape[1] {
      product[row, column] = (0..<left.shape[1]).reduce(.zero) { $0 + left[row, $1] * right[$1, column] }
    }
  }
  return product
}

/// The conjugate transpose.
func adjoint(_ matrix: Matrix) -> Matrix {
  var result = Matrix(repeating: .zero, shape: matrix.shape.reversed())
  for row in 0..<matrix.shape[0] {
    for column in 0..<matrix.shape[1] { result[column, row] = matrix[row, column].conjugate }
  }
  return result
}

/// A Hermitian positive-definite matrix, `B B^H + n / 10`.
func positiveDefinite(_ order: Int, seed: UInt64 = 1) -> Matrix {
  let factor = randomMatrix(order, order, seed: seed)
  var matrix = explicitProduct(factor, adjoint(factor))
  for index in 0..<order { matrix[index, index] += Complex(Double(order) / 10, 0) }
  return matrix
}

/// The largest difference of two elements.
func largestDifference(_ left: Matrix, _ right: Matrix) -> Double {
  precondition(left.shape == right.shape)
  return zip(left.elements, right.elements).reduce(0) { max($0, ($1.0 - $1.1).length) }
}

/// The matrix with ones on the diagonal.
func identity(_ order: Int) -> Matrix {
  var matrix = Matrix(repeating: .zero, shape: [order, order])
  for index in 0..<order { matrix[index, index] = 1 }
  return matrix
}
