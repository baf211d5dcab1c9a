/// An operator applied after another one.
public struct ComposedOperator<Left: LinearOperator, Right: LinearOperator>: LinearOperator
where Left.Domain == Right.Codomain {
  private let left: Left
  private let right: Right

  init(left: Left, right: Right) {
    self.left = left
    self.right = right
  }

  /// The image `A B x` of a vector.
  public func callAsFunction(_ vector: consuming Right.Domain) -> Left.Codomain { left(right(vector)) }

  /// The image `B^H A^H y`.
  public func applyAdjoint(_ vector: consuming Left.Codomain) -> Right.Domain {
    right.applyAdjoint(left.applyAdjoint(vector))
  }

  /// The image `B^H (A^H A) B x`.
  public func applyGram(_ vector: consuming Right.Domain) -> Right.Domain {
    right.applyAdjoint(left.applyGram(right(vector)))
  }
}
