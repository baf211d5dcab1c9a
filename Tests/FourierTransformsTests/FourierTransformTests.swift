import Foundation
import FourierTransforms
import NDArrays
import Numerics
import TestSupport
import Testing

/// An item's extents, the axes to transform, and a batch in front of it.
struct TransformCase: CustomTestStringConvertible, Sendable {
  var shape: [Int]
  var axes: [Int]?
  var batch: [Int] = []

  var testDescription: String { "\(batch) x \(shape) along \(axes.map { "\($0)" } ?? "all")" }

  /// FFTW's errors grow like `eps sqrt(log2 n)`; the phases and the scale add some `eps` more.
  var tolerance: Double {
    let count = Double(shape.reduce(1, *))
    return 4 * Double(Float.ulpOfOne) * (1 + Double.log2(count + 1)).squareRoot()
  }

  static let small: [TransformCase] = [
    .init(shape: [1]), .init(shape: [2]), .init(shape: [7]), .init(shape: [8]), .init(shape: [3, 5]),
    .init(shape: [4, 6, 9]), .init(shape: [2, 1, 13]), .init(shape: [1, 1, 1]), .init(shape: [6, 10, 2, 4]),
    .init(shape: [4, 6, 9], axes: [1]), .init(shape: [5, 6, 8], axes: [2]),
    .init(shape: [5, 6, 8], axes: [0]),
    .init(shape: [4, 7, 6], axes: [2, 0]), .init(shape: [4, 7, 6], axes: []),
    .init(shape: [3, 5], batch: [2, 3]), .init(shape: [7], batch: [5]),
    .init(shape: [4, 6], axes: [1], batch: [3]),
  ]

  /// Blocks that are too large for one pass, with planes and bundles that do not divide evenly.
  static let large: [TransformCase] = [
    .init(shape: [6, 130, 128]), .init(shape: [7, 101, 103]), .init(shape: [13, 72, 75]),
    .init(shape: [5, 128, 110], axes: [0]), .init(shape: [10, 81, 83], axes: [0, 2]),
    .init(shape: [6, 128, 90], axes: [0, 1]), .init(shape: [2, 260, 257], axes: [1, 2]),
    .init(shape: [300, 220]), .init(shape: [211, 313]), .init(shape: [4, 90, 190], batch: [3]),
  ]

  /// Single long axes, whose explicit sums would take long.
  static let long: [TransformCase] = [.init(shape: [70_001]), .init(shape: [65_538, 1])]
}

@Suite("Centred Fourier transform")
struct FourierTransformTests {
  @Test("equals the explicit sum", arguments: TransformCase.small)
  func equalsExplicitSum(_ example: TransformCase) {
    expectExplicitSum(example, planning: .estimate)
  }

  @Test("equals the explicit sum when split into planes and columns", arguments: TransformCase.large)
  func equalsExplicitSumInPasses(_ example: TransformCase) {
    expectExplicitSum(example, planning: .estimate)
  }

  func expectExplicitSum(_ example: TransformCase, planning: Planning) {
    let input = testPattern(example.batch + example.shape)
    let transform = FourierTransform(shape: example.shape, axes: example.axes, planning: planning)
    let axes = transform.axes.map { $0 + example.batch.count }

    var kSpace = input
    transform.forward(&kSpace)
    #expect(relativeError(kSpace, explicitTransform(input, axes: axes, sign: -1)) < example.tolerance)

    var image = input
    transform.inverse(&image)
    #expect(relativeError(image, explicitTransform(input, axes: axes, sign: 1)) < example.tolerance)
  }

  @Test(
    "is undone by its inverse and keeps the norm",
    arguments: TransformCase.small + TransformCase.large + TransformCase.long)
  func isUnitary(_ example: TransformCase) {
    let input = testPattern(example.batch + example.shape)
    let transform = FourierTransform(shape: example.shape, axes: example.axes)
    var output = input
    transform.forward(&output)
    #expect(abs(norm(output) / norm(input) - 1) < example.tolerance)
    transform.inverse(&output)
    #expect(relativeError(output, input) < 2 * example.tolerance)
  }

  @Test("gives the same bits for one item as for a batch, wherever the item starts in memory")
  func itemEqualsBatch() {
    for shape in [[3, 5], [6, 8], [5, 130, 111]] {
      let transform = FourierTransform(shape: shape)
      let input = testPattern([3] + shape)
      var batch = input
      transform.forward(&batch)
      for item in 0..<3 {
        let count = transform.count
        // One element before the item leaves it off the alignment that whole arrays have.
        let memory = UnsafeMutableBufferPointer<Complex<Float>>.allocate(capacity: count + 1)
        defer { memory.deallocate() }
        let buffer = UnsafeMutableBufferPointer(rebasing: memory[1...])
        _ = buffer.initialize(fromContentsOf: input.part(at: item).elements)
        transform.forward(buffer)
        let isEqual = buffer.elementsEqual(batch.part(at: item).elements)
        #expect(isEqual)
      }
    }
  }

  @Test("may be used from many threads at once")
  func isThreadSafe() {
    let transform = FourierTransform(shape: [24, 30])
    let input = testPattern([64, 24, 30])
    var expected = input
    for item in 0..<64 {
      var part = input.part(at: item)
      transform.inverse(&part)
      expected.setPart(at: item, to: part)
    }
    var output = input
    output.withUnsafeMutableBufferPointer { buffer in
      let shared = SharedBuffer(buffer)
      Parallelism.forEach(64) { item in
        transform.inverse(shared[item * transform.count..<(item + 1) * transform.count])
      }
    }
    #expect(output == expected)
  }

  @Test("puts a constant at the centre and the centre into a constant", arguments: [1, 2, 5, 8, 9, 16])
  func centre(extent: Int) {
    let transform = FourierTransform(shape: [extent])
    var constant = NDArray<Complex<Float>>(repeating: 1, shape: [extent])
    transform.forward(&constant)
    for k in 0..<extent {
      let expected = k == extent / 2 ? Float(extent).squareRoot() : 0
      #expect((constant[k] - Complex(expected, 0)).length < 1e-6 * Float(extent).squareRoot())
    }
  }

  private func norm(_ array: NDArray<Complex<Float>>) -> Double {
    array.elements.reduce(0) { $0 + Double($1.real * $1.real) + Double($1.imaginary * $1.imaginary) }
      .squareRoot()
  }
}
