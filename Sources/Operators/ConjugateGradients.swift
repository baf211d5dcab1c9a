/// Solves a damped least-squares problem by conjugate gradients on its normal equations.
///
/// ```
/// minimise  |A x - y|^2 + lambda |x|^2     that is     (A^H A + lambda) x = A^H y
/// ```
///
/// The iteration starts at zero; stopping early regularises as well.
///
/// - Parameters:
///   - model: The operator `A`.
///   - measurement: The vector `y`.
///   - damping: The weight `lambda` of the solution's squared norm.
///   - tolerance: The relative residual at which the iteration stops.
///   - iterations: The largest number of iterations.
/// - Precondition: The damping is not negative.
/// - SeeAlso: M. R. Hestenes, E. Stiefel, "Methods of conjugate gradients for solving linear systems", J. Res. Natl.
///   Bur. Stand. 49(6):409, 1952, doi:10.6028/jres.049.044.
public func conjugateGradients<Model: LinearOperator>(
  _ model: Model, _ measurement: Model.Codomain, damping: Double = 0, tolerance: Double = 1e-5,
  iterations: Int = 50
) -> Solution<Model.Domain> {
  precondition(damping >= 0, "a damping of \(damping) makes the problem indefinite")
  var residual = model.adjoint(measurement)
  var direction = residual
  var solution = residual
  solution.scale(by: 0)

  var squaredResidual = residual.squaredNorm
  let squaredStart = squaredResidual
  func relative(_ squared: Double) -> Double { squaredStart > 0 ? (squared / squaredStart).squareRoot() : 0 }
  var residuals = [relative(squaredResidual)]

  while residuals.count <= iterations, relative(squaredResidual) > tolerance {
    var image = model.gram(direction)
    if damping > 0 { image.add(direction, times: damping) }
    let curvature = direction.dot(image).real
    // Nothing is left along this direction but rounding errors.
    guard curvature > 0 else { break }
    let step = squaredResidual / curvature
    solution.add(direction, times: step)
    residual.add(image, times: -step)

    let next = residual.squaredNorm
    direction.scale(by: next / squaredResidual)
    direction.add(residual, times: 1)
    squaredResidual = next
    residuals.append(relative(next))
  }
  return Solution(
    value: solution, residuals: residuals, isConverged: relative(squaredResidual) <= tolerance)
}
