import COpenBLAS
import NDArrays
import Numerics

/// Writes the product of two matrices, `C = A B`, on the calling thread.
///
/// The matrices are given by their elements, row after row: `A` is `[rows, inner]`, `B` is `[inner, columns]` and
/// `C` is `[rows, columns]`.
///
/// - Parameters:
///   - left: The elements of `A`.
///   - right: The elements of `B`.
///   - product: Where the elements of `C` are written; it overlaps neither factor.
///   - rows: The number of rows of `A` and `C`.
///   - columns: The number of columns of `B` and `C`.
///   - inner: The number of columns of `A` and rows of `B`.
/// - Precondition: The buffers have as many elements as the extents say.
public func multiply(
  _ left: UnsafeBufferPointer<Complex<Float>>, _ right: UnsafeBufferPointer<Complex<Float>>,
  into product: UnsafeMutableBufferPointer<Complex<Float>>, rows: Int, columns: Int, inner: Int
) {
  precondition(
    left.count == rows * inner && right.count == inner * columns && product.count == rows * columns,
    "\(left.count), \(right.count) and \(product.count) elements are not "
      + "[\(rows), \(inner)] x [\(inner), \(columns)] = [\(rows), \(columns)]")
  guard rows > 0, columns > 0, inner > 0 else { return product.update(repeating: .zero) }
  OpenBLAS.staysOnCallingThread
  var one = Complex<Float>(1, 0), zero = Complex<Float>.zero
  cblas_cgemm(
    CblasRowMajor, CblasNoTrans, CblasNoTrans, blasint(rows), blasint(columns), blasint(inner), &one,
    left.baseAddress, blasint(inner), right.baseAddress, blasint(columns), &zero, product.baseAddress,
    blasint(columns))
}
