import COpenBLAS
import NDArrays
import Numerics

/// The lower triangular matrix `L` with `A = L L^H`.
///
/// Only the lower triangle of `A` is read. For the noise covariance of receive channels, `L^(-1)` makes the
/// channels' noise uncorrelated and of unit variance:
///
///     let whitening = try inverseOfLowerTriangle(choleskyFactor(of: covariance))
///
/// - Precondition: The matrix is square.
/// - Throws: ``LinearAlgebraError/notFinite``, ``LinearAlgebraError/notPositiveDefinite(order:)``.
public func choleskyFactor(
  of matrix: NDArray<Complex<Double>>
) throws(LinearAlgebraError) -> NDArray<Complex<Double>> {
  let order = orderOfSquare(matrix)
  var factor = matrix
  let status = factor.withUnsafeMutableBufferPointer { elements in
    for row in 0..<order {
      for column in row + 1..<max(order, row + 1) { elements[row * order + column] = .zero }
    }
    OpenBLAS.staysOnCallingThread
    return LAPACKE_zpotrf(
      LAPACK_ROW_MAJOR, lower, Int32(order), elements.baseAddress.map(OpaquePointer.init),
      Int32(order))
  }
  guard status >= 0 else { throw .notFinite }
  guard status == 0 else { throw .notPositiveDefinite(order: Int(status)) }
  return factor
}

/// The inverse of a lower triangular matrix, itself lower triangular.
///
/// Only the lower triangle is read; the upper one of the result is zero.
///
/// - Precondition: The matrix is square.
/// - Throws: ``LinearAlgebraError/notFinite``, ``LinearAlgebraError/singular(row:)``.
public func inverseOfLowerTriangle(
  _ triangle: NDArray<Complex<Double>>
) throws(LinearAlgebraError) -> NDArray<Complex<Double>> {
  let order = orderOfSquare(triangle)
  var inverse = triangle
  let status = inverse.withUnsafeMutableBufferPointer { elements in
    for row in 0..<order {
      for column in row + 1..<max(order, row + 1) { elements[row * order + column] = .zero }
    }
    OpenBLAS.staysOnCallingThread
    return LAPACKE_ztrtri(
      LAPACK_ROW_MAJOR, lower, CChar(UInt8(ascii: "N")), Int32(order),
      elements.baseAddress.map(OpaquePointer.init), Int32(order))
  }
  guard status >= 0 else { throw .notFinite }
  guard status == 0 else { throw .singular(row: Int(status) - 1) }
  return inverse
}

let lower = CChar(UInt8(ascii: "L"))

func orderOfSquare<Element>(_ matrix: NDArray<Element>) -> Int {
  precondition(
    matrix.shape.count == 2 && matrix.shape[0] == matrix.shape[1] && matrix.count > 0,
    "a matrix of shape \(matrix.shape) is not square")
  return matrix.shape[0]
}
