import NDArrays

/// Conjugate gradients for volumes and a symmetric positive operator.
enum FieldConjugateGradients {
  /// Solves `A x = b` from zero.
  ///
  /// - Parameters:
  ///   - right: `b`.
  ///   - tolerance: The residual's norm relative to that of `b` that ends the iterations.
  ///   - maximumIterations: The largest number of iterations.
  ///   - apply: Replaces a volume by `A` of it.
  static func solve(
    _ right: NDArray<Float>, tolerance: Double, maximumIterations: Int,
    _ apply: (inout NDArray<Float>) -> Void
  ) -> (solution: NDArray<Float>, iterations: Int, residual: Double) {
    var solution = right.map { _ in Float(0) }
    var residual = right, direction = right
    let start = residual.dot(residual)
    guard start > 0 else { return (solution, 0, 0) }
    var norm = start, iterations = 0
    while iterations < maximumIterations && norm > tolerance * tolerance * start {
      var image = direction
      apply(&image)
      let curvature = direction.dot(image)
      guard curvature > 0 else { break }
      let step = Float(norm / curvature)
      solution.update(direction) { $0 + step * $1 }
      residual.update(image) { $0 - step * $1 }
      let next = residual.dot(residual)
      let turn = Float(next / norm)
      direction.update(residual) { turn * $0 + $1 }
      norm = next
      iterations += 1
    }
    return (solution, iterations, (norm / start).squareRoot())
  }
}

extension NDArray<Float> {
  /// The sum of products of elements.
  func dot(_ other: NDArray<Float>) -> Double {
    let length = 1 << 15
    var sums = NDArray<Double>(repeating: 0, shape: [(count + length - 1) / length])
    sums.withUnsafeMutableBufferPointer { sums in
      withUnsafeBufferPointer { first in
        other.withUnsafeBufferPointer { second in
          let sums = SharedBuffer(sums)
          let (first, second) = (SharedConstants(first), SharedConstants(second))
          Parallelism.forEachBlock(of: first.elements.count, length: length) { range in
            var total = 0.0
            for start in stride(from: range.lowerBound, to: range.upperBound, by: 1024) {
              var sum = SIMD8<Float>.zero
              var index = start
              let end = min(start + 1024, range.upperBound)
              while index + 8 <= end {
                for lane in 0..<8 { sum[lane] += first[index + lane] * second[index + lane] }
                index += 8
              }
              while index < end {
                sum[0] += first[index] * second[index]
                index += 1
              }
              total += Double(sum.sum())
            }
            sums[range.lowerBound / length] = total
          }
        }
      }
    }
    return sums.withUnsafeBufferPointer { $0.reduce(0, +) }
  }

  /// Replaces elements by what follows from them and those of another volume.
  @inline(__always)
  mutating func update(_ other: NDArray<Float>, _ value: @Sendable (Float, Float) -> Float) {
    withUnsafeMutableBufferPointer { target in
      other.withUnsafeBufferPointer { source in
        let (target, source) = (SharedBuffer(target), SharedConstants(source))
        Parallelism.forEachBlock(of: target.elements.count, length: 1 << 15) { range in
          for index in range { target[index] = value(target[index], source[index]) }
        }
      }
    }
  }
}
