import COpenBLAS

/// A matrix that a decomposition cannot deal with.
public enum LinearAlgebraError: Error, Equatable, CustomStringConvertible {
  /// The leading block of this order has an eigenvalue that is not positive.
  case notPositiveDefinite(order: Int)
  /// The diagonal element of this row is zero.
  case singular(row: Int)
  /// The columns of a least-squares problem are linearly dependent from this one on.
  case dependentColumns(column: Int)
  /// The matrix or the right-hand side holds NaN.
  case notFinite
  /// The iteration for eigenvalues did not converge.
  case eigenvaluesNotFound

  /// What is wrong and what to do about it.
  public var description: String {
    switch self {
    case .notPositiveDefinite(let order):
      "the matrix is not positive definite (its leading block of order \(order) is not): if it is a covariance, "
        + "more samples than channels are needed, and no channel may be silent or a copy of others"
    case .singular(let row):
      "the triangular matrix has no inverse: its diagonal element \(row) is zero"
    case .dependentColumns(let column):
      "the least-squares problem has no unique solution: column \(column) depends on those before it"
    case .notFinite:
      "the matrix holds numbers that are not finite: look for NaN in the data that it was made from"
    case .eigenvaluesNotFound:
      "the eigenvalues were not found: look for infinities in the data that the matrix was made from"
    }
  }
}

/// The state of OpenBLAS in this process.
enum OpenBLAS {
  /// Keeps OpenBLAS on the thread that calls it: the toolkit's own loops share out the work.
  static let staysOnCallingThread: Void = openblas_set_num_threads(1)
}
