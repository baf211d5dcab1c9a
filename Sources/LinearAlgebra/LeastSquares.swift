import COpenBLAS
import NDArrays

/// The vector `x` that minimises `|A x - b|`, for a real matrix `A` with at least as many rows as columns.
///
/// - Parameters:
///   - design: The matrix `A`, axes `[observation, unknown]`.
///   - observations: The vector `b`.
/// - Precondition: There is one row per observation, and at least as many as unknowns.
/// - Throws: ``LinearAlgebraError/notFinite``, ``LinearAlgebraError/dependentColumns(column:)``.
public func leastSquares(
  _ design: NDArray<Double>, _ observations: [Double]
) throws(LinearAlgebraError) -> [Double] {
  precondition(
    design.shape.count == 2 && design.shape[0] == observations.count && design.shape[0] >= design.shape[1]
      && design.count > 0,
    "\(observations.count) observations and a matrix of shape \(design.shape) are no least-squares problem")
  let unknowns = design.shape[1]
  var matrix = design
  var solution = observations
  OpenBLAS.staysOnCallingThread
  let status = matrix.withUnsafeMutableBufferPointer { elements in
    LAPACKE_dgels(
      LAPACK_ROW_MAJOR, CChar(UInt8(ascii: "N")), Int32(observations.count), Int32(unknowns), 1,
      elements.baseAddress, Int32(unknowns), &solution, 1)
  }
  guard status >= 0 else { throw .notFinite }
  guard status == 0 else { throw .dependentColumns(column: Int(status) - 1) }
  return Array(solution.prefix(unknowns))
}
