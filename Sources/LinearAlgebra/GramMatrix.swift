import COpenBLAS
import NDArrays
import Numerics

/// Adds `weight A^H A` to the lower triangle of a Hermitian matrix, on the calling thread.
///
/// - Parameters:
///   - rows: The elements of `A`, row after row.
///   - weight: The factor.
///   - matrix: The matrix to which is added, of as many rows as `A` has columns; its upper triangle is not touched.
/// - Precondition: The matrix is square, and the elements are whole rows.
public func addGramMatrix(
  of rows: UnsafeBufferPointer<Complex<Float>>, times weight: Float = 1,
  to matrix: inout NDArray<Complex<Float>>
) {
  let order = orderOfSquare(matrix)
  precondition(rows.count % order == 0, "\(rows.count) elements are not rows of \(order)")
  OpenBLAS.staysOnCallingThread
  matrix.withUnsafeMutableBufferPointer { elements in
    cblas_cherk(
      CblasRowMajor, CblasLower, CblasConjTrans, blasint(order), blasint(rows.count / order), weight,
      rows.baseAddress, blasint(order), 1, elements.baseAddress, blasint(order))
  }
}
