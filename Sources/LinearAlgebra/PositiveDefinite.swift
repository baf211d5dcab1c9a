import COpenBLAS
import NDArrays
import Numerics

/// Solves `X A = B` for a Hermitian positive-definite `A`, in single precision on the calling thread.
///
/// - Parameters:
///   - right: The rows of `B`, which become those of `X`.
///   - matrix: The elements of `A`, row after row, of which the upper triangle is read; its Cholesky factor
///     afterwards.
///   - order: The number of rows and columns of `A`.
/// - Precondition: The buffers hold whole rows and `order * order` elements.
/// - Throws: ``LinearAlgebraError/notFinite``, ``LinearAlgebraError/notPositiveDefinite(order:)``.
public func solvePositiveDefinite(
  _ right: UnsafeMutableBufferPointer<Complex<Float>>,
  _ matrix: UnsafeMutableBufferPointer<Complex<Float>>, order: Int
) throws(LinearAlgebraError) {
  precondition(
    order > 0 && right.count % order == 0 && matrix.count == order * order,
    "\(right.count) and \(matrix.count) elements are no right-hand sides and matrix of order \(order)")
  OpenBLAS.staysOnCallingThread
  // Read column by column, the rows of B and X are columns, and A is its transpose: A^T X^T = B^T.
  let status = LAPACKE_cposv(
    LAPACK_COL_MAJOR, lower, Int32(order), Int32(right.count / order),
    matrix.baseAddress.map(OpaquePointer.init), Int32(order), right.baseAddress.map(OpaquePointer.init),
    Int32(order))
  guard status >= 0 else { throw .notFinite }
  guard status == 0 else { throw .notPositiveDefinite(order: Int(status)) }
}
