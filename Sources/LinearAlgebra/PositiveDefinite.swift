import COpenBLAS
import NDArrays
import Numerics

/// Solves `X A = B` for a Hermitian positive-definite `A`, in single precision on the calling thread.
///
/// Where matrices that are solved one after the other begin with the same rows and columns, the later ones need only the rest of
/// Cholesky's factor:
///
/// ```
/// L21 = A21 L11^(-H),  L22 L22^H = A22 - L21 L21^H
/// ```
///
/// - Parameters:
///   - right: The rows of `B`, which become those of `X`.
///   - matrix: The elements of `A`, row after row, of which the upper triangle is read; its Cholesky factor
///     afterwards.
///   - order: The number of rows and columns of `A`.
///   - stride: The distance between the rows in `matrix`; `order` unless given.
///   - factored: The order of the leading block that still is the factor of an earlier call.
/// - Precondition: The buffers hold whole rows, and the block lies within the matrix.
/// - Throws: ``LinearAlgebraError/notFinite``, ``LinearAlgebraError/notPositiveDefinite(order:)``.
public func solvePositiveDefinite(
  _ right: UnsafeMutableBufferPointer<Complex<Float>>,
  _ matrix: UnsafeMutableBufferPointer<Complex<Float>>, order: Int, stride: Int? = nil, factored: Int = 0
) throws(LinearAlgebraError) {
  let stride = stride ?? order, rest = order - factored
  precondition(
    order > 0 && stride >= order && right.count % order == 0 && matrix.count >= (order - 1) * stride + order,
    "\(right.count) and \(matrix.count) elements are no right-hand sides and matrix of order \(order)")
  precondition((0...order).contains(factored), "no block of order \(factored) leads one of \(order)")
  guard let start = matrix.baseAddress, !right.isEmpty else { return }
  // The library's search for NaN would take a tenth of the time, and its kernels for some processors lose NaN on the way.
  let isFinite = (0..<order).allSatisfy { row in
    let first = max(row, factored)
    return UnsafeBufferPointer(start: start + row * stride + first, count: order - first).areFinite
  }
  guard isFinite, UnsafeBufferPointer(right).areFinite else { throw .notFinite }
  OpenBLAS.staysOnCallingThread
  // Read column by column, the rows of B and X are columns, and A is its transpose: A^T X^T = B^T.
  let below = start + factored, corner = start + factored * (stride + 1)
  if factored > 0, rest > 0 {
    var one = Complex<Float>(1, 0)
    cblas_ctrsm(
      CblasColMajor, CblasRight, CblasLower, CblasConjTrans, CblasNonUnit, blasint(rest), blasint(factored),
      &one, start, blasint(stride), below, blasint(stride))
    cblas_cherk(
      CblasColMajor, CblasLower, CblasNoTrans, blasint(rest), blasint(factored), -1, below, blasint(stride),
      1, corner, blasint(stride))
  }
  let status =
    rest == 0
    ? 0
    : LAPACKE_cpotrf_work(
      LAPACK_COL_MAJOR, lower, Int32(rest), OpaquePointer(corner), Int32(stride))
  guard status == 0 else { throw .notPositiveDefinite(order: factored + Int(status)) }
  _ = LAPACKE_cpotrs_work(
    LAPACK_COL_MAJOR, lower, Int32(order), Int32(right.count / order), OpaquePointer(start), Int32(stride),
    right.baseAddress.map(OpaquePointer.init), Int32(order))
}
