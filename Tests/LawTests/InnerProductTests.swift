import NDArrays
import Numerics
import Operators
import TestSupport
import Testing

@Suite("Vectors")
struct InnerProductTests {
  /// Empty, odd, and longer than what one thread adds up.
  static let lengths = [0, 1, 2, 3, 7, 32_768, 65_537, 100_001]

  @Test("the inner product is the explicit one and conjugates the left side", arguments: lengths)
  func explicitProduct(length: Int) {
    let left = testPattern([length], seed: 1), right = testPattern([length], seed: 2)
    let expected = zip(left.elements, right.elements).reduce(Complex<Double>.zero) { sum, pair in
      let (a, b) = pair
      return sum
        + Complex(Double(a.real), -Double(a.imaginary)) * Complex(Double(b.real), Double(b.imaginary))
    }
    let tolerance = Double.ulpOfOne * Double(length + 1)
    #expect((left.dot(right) - expected).length <= tolerance)
    #expect((right.dot(left) - expected.conjugate).length <= tolerance)
    #expect(abs(left.squaredNorm - left.dot(left).real) <= tolerance)
  }

  @Test("inner products do not depend on the number of threads")
  func threads() {
    let left = testPattern([100_001], seed: 1), right = testPattern([100_001], seed: 2)
    let serial = Parallelism.withThreads(1) { left.dot(right) }
    #expect(Parallelism.withThreads(5) { left.dot(right) } == serial)
  }

  @Test("adding and scaling are the explicit ones and leave copies alone", arguments: lengths)
  func combinations(length: Int) {
    let start = testPattern([length], seed: 1), term = testPattern([length], seed: 2)
    var sum = start
    sum.add(term, times: -0.75)
    let expected = zip(start.elements, term.elements).map {
      Complex($0.real + -0.75 * $1.real, $0.imaginary + -0.75 * $1.imaginary)
    }
    #expect(sum == Samples(expected, shape: [length]))
    var scaled = start
    scaled.scale(by: 3)
    #expect(scaled == start.map { Complex(3 * $0.real, 3 * $0.imaginary) })
    #expect(start == testPattern([length], seed: 1))
  }
}
