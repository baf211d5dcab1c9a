import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators

/// A weight for each spatial frequency of one plane: `x` to `W F x`, axes `[z, y]` to `[kz, ky]`, or of a stack.
struct SpectralPenalty: LinearOperator {
  /// The weights, axes `[kz, ky]`.
  let weights: NDArray<Float>
  let transform: FourierTransform

  func callAsFunction(_ image: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    image.forEachPlane(of: transform.count) { plane in
      transform.forward(plane)
      multiply(plane)
    }
    return image
  }

  func applyAdjoint(_ spectrum: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    spectrum.forEachPlane(of: transform.count) { plane in
      multiply(plane)
      transform.inverse(plane)
    }
    return spectrum
  }

  private func multiply(_ spectrum: UnsafeMutableBufferPointer<Complex<Float>>) {
    weights.withUnsafeBufferPointer { weights in
      for index in spectrum.indices { spectrum[index] = spectrum[index].multiplied(by: weights[index]) }
    }
  }
}

extension NDArray<Complex<Float>> {
  /// Calls a closure that may change each block of consecutive elements.
  fileprivate mutating func forEachPlane(
    of count: Int, _ body: (UnsafeMutableBufferPointer<Complex<Float>>) -> Void
  ) {
    withUnsafeMutableBufferPointer { elements in
      for start in stride(from: 0, to: elements.count, by: count) {
        body(UnsafeMutableBufferPointer(rebasing: elements[start..<start + count]))
      }
    }
  }
}

/// Two operators on one domain, one above the other: `x` to `(A x, B x)`.
///
/// Least squares of a model and a penalty: `|A x - y|^2 + |B x|^2 = |(A, B) x - (y, 0)|^2`.
struct StackedOperator<First: LinearOperator, Second: LinearOperator>: LinearOperator
where First.Domain == Second.Domain, First.Domain == NDArray<Complex<Float>> {
  let first: First
  let second: Second

  func callAsFunction(_ vector: consuming First.Domain) -> StackedVector<First.Codomain, Second.Codomain> {
    StackedVector(first: first(copy vector), second: second(vector))
  }

  func applyAdjoint(_ vector: consuming StackedVector<First.Codomain, Second.Codomain>) -> First.Domain {
    var result = first.applyAdjoint(vector.first)
    result.add(second.applyAdjoint(vector.second), times: 1)
    return result
  }

  func applyGram(_ vector: consuming First.Domain) -> First.Domain {
    var result = first.applyGram(copy vector)
    result.add(second.applyGram(vector), times: 1)
    return result
  }
}

/// Two vectors, one above the other.
struct StackedVector<First: InnerProductSpace, Second: InnerProductSpace>: InnerProductSpace {
  var first: First
  var second: Second

  func dot(_ other: StackedVector) -> Complex<Double> { first.dot(other.first) + second.dot(other.second) }

  mutating func add(_ other: StackedVector, times factor: Double) {
    first.add(other.first, times: factor)
    second.add(other.second, times: factor)
  }

  mutating func scale(by factor: Double) {
    first.scale(by: factor)
    second.scale(by: factor)
  }
}
