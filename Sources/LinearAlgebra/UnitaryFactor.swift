import COpenBLAS
import NDArrays
import Numerics

/// The unitary matrix nearest to a square matrix, `U V^H` of its singular value decomposition `U S V^H`.
///
/// Of all unitary `P`, it has the largest `Re tr(P^H M)`: the rotation that aligns one set of vectors with another.
/// Where singular values are zero, one of several nearest matrices is returned.
///
/// - Precondition: The matrix is square.
/// - Throws: ``LinearAlgebraError/notFinite``, ``LinearAlgebraError/eigenvaluesNotFound``.
public func unitaryFactor(
  of matrix: NDArray<Complex<Float>>
) throws(LinearAlgebraError) -> NDArray<Complex<Float>> {
  let order = orderOfSquare(matrix)
  var (work, left, right) = (matrix.withSlack, matrix.withSlack, matrix.withSlack)
  var values = [Float](repeating: 0, count: order)
  OpenBLAS.staysOnCallingThread
  // Read column by column, M is its transpose, and so are the factors that come back.
  let status = work.withUnsafeMutableBufferPointer { matrix in
    left.withUnsafeMutableBufferPointer { left in
      right.withUnsafeMutableBufferPointer { right in
        LAPACKE_cgesdd(
          LAPACK_COL_MAJOR, CChar(UInt8(ascii: "A")), Int32(order), Int32(order),
          matrix.baseAddress.map(OpaquePointer.init), Int32(order), &values,
          left.baseAddress.map(OpaquePointer.init), Int32(order),
          right.baseAddress.map(OpaquePointer.init), Int32(order))
      }
    }
  }
  guard status >= 0 else { throw .notFinite }
  guard status == 0 else { throw .eigenvaluesNotFound }
  (left, right) = (left.withoutSlack, right.withoutSlack)
  return NDArray(uninitializedShape: matrix.shape) { product in
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { right in
        multiply(right, left, into: product, rows: order, columns: order, inner: order)
      }
    }
  }
}
