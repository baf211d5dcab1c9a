import Operators

/// The iterate of a proximal gradient method with momentum (FISTA): where the next step starts, a little beyond it.
///
/// ```
/// z = x_i + (t_i - 1) / t_(i+1) (x_i - x_(i-1))        t_(i+1) = (1 + sqrt(1 + 4 t_i^2)) / 2
/// ```
///
/// - SeeAlso: A. Beck, M. Teboulle, "A fast iterative shrinkage-thresholding algorithm for linear inverse problems",
///   SIAM J. Imaging Sci. 2(1):183-202, 2009, doi:10.1137/080716542.
struct AcceleratedIterate<Vector: InnerProductSpace> {
  /// The last iterate `x`.
  private(set) var value: Vector
  /// The point `z` from which the next step starts.
  private(set) var extrapolated: Vector
  /// The relative changes of the iterate, one per step, after a first 1.
  private(set) var residuals: [Double] = [1]
  private var momentum = 1.0

  /// The relative change below which an iterate is that of rounding errors.
  private static var smallestChange: Double { 1e-6 }

  init(_ start: Vector) {
    value = start
    extrapolated = start
  }

  /// Whether the last step changed next to nothing.
  var hasConverged: Bool { residuals[residuals.count - 1] < Self.smallestChange }

  /// Takes what a step from the extrapolated point led to.
  mutating func advance(to next: consuming Vector) {
    let following = (1 + (1 + 4 * momentum * momentum).squareRoot()) / 2
    // The last iterate becomes the difference in place: volumes are large.
    value.scale(by: -1)
    value.add(next, times: 1)
    let norm = next.squaredNorm
    residuals.append(norm > 0 ? (value.squaredNorm / norm).squareRoot() : 0)
    extrapolated = copy next
    extrapolated.add(value, times: (momentum - 1) / following)
    momentum = following
    value = next
  }
}
