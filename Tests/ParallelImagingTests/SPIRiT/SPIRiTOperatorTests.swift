import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators
import TestSupport
import Testing

@testable import ParallelImaging

@Suite("SPIRiT's operators")
struct SPIRiTOperatorTests {
  /// Channels, then the plane's extents `[z, y]`.
  static let shapes = [[1, 1, 5], [3, 7, 13], [2, 16, 9], [5, 11, 8], [4, 20, 1]]

  private static func kernel(_ channels: Int, _ shape: [Int]) throws -> ConsistencyKernel {
    let extents = KernelExtents(lines: shape[1] > 1 ? 5 : 1, partitions: shape[0] > 1 ? 3 : 1)
    let order = channels * extents.count
    let rows = testPattern([3 * order, order], seed: 4).elements
    var gram = NDArray<Complex<Float>>(repeating: .zero, shape: [order, order])
    for i in 0..<order {
      for j in 0...i {
        gram[i, j] = (0..<3 * order).reduce(.zero) {
          $0 + rows[$1 * order + i].conjugate * rows[$1 * order + j]
        }
      }
    }
    return try ConsistencyKernel(gram, channels: channels, extents: extents, damping: 1e-5)
  }

  @Test("have adjoints and short ways to their Gram operators", arguments: shapes)
  func adjoints(extents: [Int]) throws {
    let channels = extents[0], shape = Array(extents.dropFirst())
    let consistency = PlaneConsistency(try Self.kernel(channels, shape), shape: shape)
    let missing = MissingSamples(
      positions: (0..<shape[0] * shape[1]).filter { $0 % 3 != 1 }, channels: channels,
      transform: FourierTransform(shape: shape))
    let samples = [channels, missing.positions.count]
    try expectAdjoint(consistency, extents, extents)
    try expectAdjoint(missing, samples, extents)
    try expectAdjoint(consistency * missing, samples, extents)
    try expectAdjoint(
      MissingSampleWeights(weights: missing.positions.map { Float($0) / 3 }), samples, samples)
  }

  private func expectAdjoint<Model: LinearOperator>(_ model: Model, _ domain: [Int], _ codomain: [Int]) throws
  where Model.Domain == NDArray<Complex<Float>>, Model.Codomain == NDArray<Complex<Float>> {
    let x = testPattern(domain, seed: 2), y = testPattern(codomain, seed: 3)
    let (left, right) = (model(x).dot(y), x.dot(model.adjoint(y)))
    let scale = (model(x).squaredNorm * y.squaredNorm).squareRoot()
    #expect((left - right).length <= 1e-6 * scale, "\(Model.self)")
    #expect(relativeError(model.gram(x), model.adjoint(model(x))) < 1e-5, "\(Model.self)")
  }

  @Test("consistency is a convolution of k-space", arguments: shapes)
  func convolution(extents: [Int]) throws {
    let channels = extents[0], shape = Array(extents.dropFirst())
    let kernel = try Self.kernel(channels, shape), weights = kernel.weights
    let kSpace = testPattern(extents, seed: 6)
    var expected = kSpace.map { -$0 }
    for t in 0..<channels {
      for z in 0..<shape[0] {
        for y in 0..<shape[1] {
          for s in 0..<channels {
            for dz in 0..<weights.shape[2] {
              for dy in 0..<weights.shape[3] {
                let row = (z + dz - weights.shape[2] / 2 + shape[0]) % shape[0]
                let column = (y + dy - weights.shape[3] / 2 + shape[1]) % shape[1]
                expected[t, z, y] += weights[t, s, dz, dy] * kSpace[s, row, column]
              }
            }
          }
        }
      }
    }
    var images = kSpace
    let transform = FourierTransform(shape: shape)
    transform.inverse(&images)
    var result = PlaneConsistency(kernel, shape: shape)(images)
    transform.forward(&result)
    #expect(relativeError(result, expected) < 1e-5)
  }

  // The best prediction leaves a rest that has nothing in common with what it was made from.
  @Test("the kernel is the best linear prediction")
  func prediction() throws {
    let channels = 2, extents = KernelExtents(lines: 3, partitions: 3), order = 18
    let rows = testPattern([60, order], seed: 8)
    var gram = NDArray<Complex<Float>>(repeating: .zero, shape: [order, order])
    for i in 0..<order {
      for j in 0...i {
        gram[i, j] = (0..<60).reduce(.zero) { $0 + rows[$1, i].conjugate * rows[$1, j] }
      }
    }
    let weights = try ConsistencyKernel(gram, channels: channels, extents: extents, damping: 0).weights
    for target in 0..<channels {
      let own = target * 9 + 4
      #expect(weights[target, target, 1, 1] == .zero)
      let kernel = weights.part(at: target).elements
      let rest = (0..<60).map { row in
        rows[row, own] - (0..<order).reduce(.zero) { $0 + kernel[$1] * rows[row, $1] }
      }
      for index in 0..<order where index != own {
        let overlap = (0..<60).reduce(Complex<Float>.zero) { $0 + rows[$1, index].conjugate * rest[$1] }
        #expect(overlap.length < 1e-3, "component \(index)")
      }
    }
  }

  @Test("the steepness is the largest gain of a voxel")
  func steepness() throws {
    let consistency = PlaneConsistency(try Self.kernel(3, [7, 13]), shape: [7, 13])
    let found = consistency.steepness
    for seed in 1...5 {
      // Gains of random vectors, and of what gains most of them.
      var vector = testPattern([3, 7, 13], seed: UInt64(seed))
      for _ in 0..<40 {
        let next = consistency.gram(vector)
        #expect(next.squaredNorm <= 1.05 * found * found * vector.squaredNorm)
        vector = next
        vector.scale(by: 1 / vector.squaredNorm.squareRoot())
      }
    }
  }

  @Test(
    "the joint threshold of one channel is the threshold of a plane",
    arguments: [[33, 48], [16, 70], [1, 40]])
  func jointThreshold(shape: [Int]) {
    var plane = testPattern(shape), joint = plane.reshaped(to: [1] + shape)
    var single = WaveletThreshold(rows: shape[0], columns: shape[1], generator: SeededGenerator(seed: 5))
    var several = single
    single.apply(to: &plane, threshold: 0.4)
    several.apply(to: &joint, threshold: 0.4, together: 1)
    #expect(relativeError(joint.reshaped(to: shape), plane) < 1e-6)
    #expect(relativeError(plane, testPattern(shape)) > 0.1)
  }

  @Test("the joint threshold keeps the ratio of the channels")
  func jointRatio() {
    let shape = [32, 40]
    let image = testPattern(shape), factor = Complex<Float>(-0.3, 0.7)
    var joint = NDArray(image.elements + image.elements.map { $0 * factor }, shape: [2] + shape)
    var threshold = WaveletThreshold(rows: 32, columns: 40, generator: SeededGenerator(seed: 5))
    threshold.apply(to: &joint, threshold: 0.4, together: 2)
    #expect(relativeError(joint.part(at: 1), joint.part(at: 0).map { $0 * factor }) < 1e-5)
  }
}
