/// An operator followed by its adjoint.
public struct GramOperator<Base: LinearOperator>: LinearOperator {
  private let base: Base

  init(of base: Base) { self.base = base }

  /// The image `A^H A x` of a vector.
  public func callAsFunction(_ vector: consuming Base.Domain) -> Base.Domain { base.applyGram(vector) }

  /// The same image: the operator is self-adjoint.
  public func applyAdjoint(_ vector: consuming Base.Domain) -> Base.Domain { base.applyGram(vector) }
}
