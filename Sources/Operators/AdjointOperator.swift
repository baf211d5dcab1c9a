/// The adjoint of an operator.
public struct AdjointOperator<Base: LinearOperator>: LinearOperator {
  /// The operator whose adjoint this is.
  public let adjoint: Base

  init(of base: Base) { adjoint = base }

  /// The image `A^H y` of a vector.
  public func callAsFunction(_ vector: consuming Base.Codomain) -> Base.Domain {
    adjoint.applyAdjoint(vector)
  }

  /// The image `A x`, for the adjoint of the adjoint is the operator.
  public func applyAdjoint(_ vector: consuming Base.Domain) -> Base.Codomain { adjoint(vector) }
}
