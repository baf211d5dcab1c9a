import NDArrays
import Numerics

/// Vectors that linear operators act on and iterative solvers combine.
public protocol InnerProductSpace: Sendable {
  /// The inner product `sum conj(self) other`, in double precision.
  func dot(_ other: Self) -> Complex<Double>
  /// Adds a multiple of another vector: `self += factor other`.
  mutating func add(_ other: Self, times factor: Double)
  /// Multiplies with a real number.
  mutating func scale(by factor: Double)
}

extension InnerProductSpace {
  /// The inner product with itself.
  public var squaredNorm: Double { dot(self).real }
}

extension NDArray: InnerProductSpace where Element == Complex<Float> {
  /// The number of elements that one thread adds up; fixed, so that sums do not depend on the number of threads.
  private static var blockLength: Int { 1 << 15 }

  /// The inner product `sum conj(self) other`, in double precision.
  ///
  /// - Precondition: The shapes are equal.
  public func dot(_ other: NDArray) -> Complex<Double> {
    precondition(shape == other.shape, "shapes \(shape) and \(other.shape) have no inner product")
    let blocks = (count + Self.blockLength - 1) / Self.blockLength
    return withUnsafeBufferPointer { left in
      other.withUnsafeBufferPointer { right in
        let left = SharedConstants(left), right = SharedConstants(right)
        var sums = [Complex<Double>](repeating: .zero, count: blocks)
        sums.withUnsafeMutableBufferPointer { sums in
          let sums = SharedBuffer(sums)
          Parallelism.forEachBlock(of: left.elements.count, length: Self.blockLength) { range in
            sums[range.lowerBound / Self.blockLength] = innerProduct(left[range], right[range])
          }
        }
        return sums.reduce(.zero, +)
      }
    }
  }

  /// Adds a multiple of another array: `self += factor other`.
  ///
  /// - Precondition: The shapes are equal.
  public mutating func add(_ other: NDArray, times factor: Double) {
    precondition(shape == other.shape, "shapes \(shape) and \(other.shape) have no sum")
    let factor = Float(factor)
    withUnsafeMutableBufferPointer { target in
      other.withUnsafeBufferPointer { source in
        let target = SharedBuffer(target), source = SharedConstants(source)
        Parallelism.forEachBlock(of: target.elements.count, length: Self.blockLength) { range in
          for index in range {
            let term = source.elements[index], sum = target.elements[index]
            target.elements[index] = Complex(
              sum.real + factor * term.real, sum.imaginary + factor * term.imaginary)
          }
        }
      }
    }
  }

  /// Multiplies with a real number.
  public mutating func scale(by factor: Double) {
    let factor = Float(factor)
    withUnsafeMutableBufferPointer { target in
      let target = SharedBuffer(target)
      Parallelism.forEachBlock(of: target.elements.count, length: Self.blockLength) { range in
        for index in range {
          let value = target.elements[index]
          target.elements[index] = Complex(factor * value.real, factor * value.imaginary)
        }
      }
    }
  }
}

/// The sum of `conj(left) right`, four numbers at a time so that the additions need not wait for each other.
private func innerProduct(
  _ left: UnsafeBufferPointer<Complex<Float>>, _ right: UnsafeBufferPointer<Complex<Float>>
) -> Complex<Double> {
  var real = SIMD4<Double>.zero
  // conj(a) b has the imaginary part Re a Im b - Im a Re b: added up here with the signs +, -, +, -.
  var imaginary = SIMD4<Double>.zero
  func accumulate(_ first: (Complex<Float>, Complex<Float>), _ second: (Complex<Float>, Complex<Float>)) {
    let (a, b) = first, (c, d) = second
    let factors = SIMD4<Double>(SIMD4(a.real, a.imaginary, b.real, b.imaginary))
    real += factors * SIMD4<Double>(SIMD4(c.real, c.imaginary, d.real, d.imaginary))
    imaginary += factors * SIMD4<Double>(SIMD4(c.imaginary, c.real, d.imaginary, d.real))
  }
  for index in stride(from: 0, to: left.count - 1, by: 2) {
    accumulate((left[index], left[index + 1]), (right[index], right[index + 1]))
  }
  if left.count % 2 == 1 { accumulate((left[left.count - 1], .zero), (right[left.count - 1], .zero)) }
  return Complex(real.sum(), imaginary[0] - imaginary[1] + imaginary[2] - imaginary[3])
}
