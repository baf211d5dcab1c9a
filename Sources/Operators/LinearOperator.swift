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

/// An operator followed by its adjoint.
public struct GramOperator<Base: LinearOperator>: LinearOperator {
  private let base: Base

  init(of base: Base) { self.base = base }

  /// The image `A^H A x` of a vector.
  public func callAsFunction(_ vector: consuming Base.Domain) -> Base.Domain { base.applyGram(vector) }

  /// The same image: the operator is self-adjoint.
  public func applyAdjoint(_ vector: consuming Base.Domain) -> Base.Domain { base.applyGram(vector) }
}

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
