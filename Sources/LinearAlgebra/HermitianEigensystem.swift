import COpenBLAS
import NDArrays
import Numerics

/// The eigenvalues and eigenvectors of a Hermitian matrix.
///
/// ```
/// A v[k] = lambda[k] v[k]     v[k]^H v[l] = delta[k, l]
/// ```
public struct HermitianEigensystem: Sendable {
  /// The eigenvalues, ascending.
  public let values: [Float]
  /// The eigenvectors, axes `[k, component]`; their common phases are arbitrary.
  public let vectors: NDArray<Complex<Float>>

  /// Decomposes a matrix, of which only the lower triangle is read.
  ///
  /// - Precondition: The matrix is square.
  /// - Throws: ``LinearAlgebraError/notFinite``, ``LinearAlgebraError/eigenvaluesNotFound``.
  public init(of matrix: NDArray<Complex<Float>>) throws(LinearAlgebraError) {
    let order = orderOfSquare(matrix)
    var values = [Float](repeating: 0, count: order)
    // Read column by column, the rows of A are the columns of its conjugate, whose lower triangle is A's upper one
    // and whose eigenvectors, conjugated, are A's. They come back as columns, that is, as rows here.
    var vectors = matrix.withSlack
    OpenBLAS.staysOnCallingThread
    let status = vectors.withUnsafeMutableBufferPointer { elements in
      LAPACKE_cheevd(
        LAPACK_COL_MAJOR, CChar(UInt8(ascii: "V")), CChar(UInt8(ascii: "U")), Int32(order),
        elements.baseAddress.map(OpaquePointer.init), Int32(order), &values)
    }
    guard status >= 0 else { throw .notFinite }
    guard status == 0 else { throw .eigenvaluesNotFound }
    self.values = values
    self.vectors = vectors.withoutSlack.map(\.conjugate)
  }
}
