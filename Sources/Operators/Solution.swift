/// What an iterative solver found, and how it got there.
public struct Solution<Vector: InnerProductSpace>: Sendable {
  /// The last iterate.
  public let value: Vector
  /// The norm of the normal equations' residual over that of their right-hand side, before each iteration and
  /// after the last.
  public let residuals: [Double]
  /// Whether the last residual is within the tolerance.
  public let isConverged: Bool

  /// The number of iterations.
  public var iterations: Int { residuals.count - 1 }
}
