/// A linear map between two spaces of vectors.
///
/// Models of a measurement are written as in a paper and applied like functions:
///
///     let model = SamplingOperator(mask) * FourierOperator(shape: matrix) * SensitivityOperator(maps)
///     let kSpace = model(image)
///     let backprojection = model.adjoint(kSpace)
///
/// A composition whose types do not fit does not compile; one whose shapes do not fit stops with both shapes.
public protocol LinearOperator<Domain, Codomain>: Sendable {
  /// What the operator is applied to.
  associatedtype Domain: InnerProductSpace
  /// What the operator yields.
  associatedtype Codomain: InnerProductSpace

  /// The image `A x` of a vector.
  func callAsFunction(_ vector: consuming Domain) -> Codomain

  /// The image `A^H y` under the adjoint, for which `<A x, y> = <x, A^H y>`.
  func applyAdjoint(_ vector: consuming Codomain) -> Domain

  /// The image `A^H A x`; operators that know a shorter way than one after the other take it.
  func applyGram(_ vector: consuming Domain) -> Domain
}

extension LinearOperator {
  /// The image `A^H A x`.
  public func applyGram(_ vector: consuming Domain) -> Domain { applyAdjoint(self(vector)) }

  /// The adjoint operator `A^H`.
  public var adjoint: AdjointOperator<Self> { AdjointOperator(of: self) }

  /// The self-adjoint operator `A^H A` of the normal equations.
  public var gram: GramOperator<Self> { GramOperator(of: self) }

  /// The composition `A B`, which applies `B` first.
  public static func * <Right: LinearOperator>(left: Self, right: Right) -> ComposedOperator<Self, Right>
  where Right.Codomain == Domain {
    ComposedOperator(left: left, right: right)
  }
}
