import ChannelCombination
import MRIData
import NDArrays
import Numerics
import Testing

extension MDI.Output {
  /// The number of values of all maps that are infinite or not a number.
  var countOfInvalidValues: Int {
    let maps = [field, r2Star] + (fieldNoise.map { [$0] } ?? [])
    return maps.reduce(echoes.voxels.elements.count { !$0.isFinite }) {
      $0 + $1.voxels.elements.count { !$0.isFinite }
    }
  }
}

/// Finite samples of whatever size give finite results.
@Suite struct ScaleTests {
  /// Noise whose size changes from voxel to voxel, from echo to echo and from channel to channel.
  @Test(arguments: [2, 3, 8], MDI.Estimator.allCases) func noiseOfWildlyDifferentSizesStaysFinite(
    _ echoes: Int, _ estimator: MDI.Estimator
  ) throws {
    for (index, noise) in [NoiseLevel.unknown, .whitened(standardDeviation: 0.01)].enumerated() {
      var simulation = Simulation(matrix: Extents(x: 100, y: 100, z: 2), channels: 3, noise: noise)
      simulation.echoTimes = Simulation.protocolTimes(echoes)
      var generator = SeededGenerator(seed: UInt64(10 * echoes + index))
      var voxels = NDArray<Complex<Float>>(
        repeating: .zero, shape: [echoes, 3] + simulation.matrix.shape)
      let count = simulation.matrix.count
      voxels.withUnsafeMutableBufferPointer { values in
        for voxel in 0..<count {
          let size = Double.exp(generator.uniform(in: -40..<40))
          let range = generator.uniform(in: 0..<20)
          for echo in 0..<echoes {
            let echoSize = Double.exp(generator.uniform(in: -0.5..<0.5) * range)
            for channel in 0..<3 {
              // Many channels are orthogonal between echoes: each voxel of every third sees one echo per channel.
              let isDark = voxel % 3 == 0 && echo % 3 != channel
              values[(echo * 3 + channel) * count + voxel] =
                isDark
                ? .zero
                : Complex(
                  Float(size * echoSize * generator.normal()), Float(size * echoSize * generator.normal()))
            }
          }
        }
      }
      #expect(voxels.elements.allSatisfy { $0.isFinite })
      #expect(try MDI(estimator: estimator)(simulation.wrap(voxels)).countOfInvalidValues == 0)
    }
  }

  private static let factors: [Float] = [0x1p-100, 1e-20, 1e18, 1e30, 0x1p110]

  @Test(arguments: factors, MDI.Estimator.allCases) func mapsDoNotDependOnTheScale(
    _ factor: Float, _ estimator: MDI.Estimator
  ) throws {
    var simulation = Simulation(
      matrix: Extents(x: 13, y: 7, z: 2), relaxation: { Double($0 % 60) },
      field: { Double($0 % 31) * 8 - 120 },
      sigma: 0.01)
    for noise in [Float?.none, 0.01] {
      simulation.noise = noise.map { .whitened(standardDeviation: $0) } ?? .unknown
      let expected = try MDI(estimator: estimator)(simulation.images)
      let voxels = simulation.voxels.map { $0.multiplied(by: factor) }
      simulation.noise = noise.map { .whitened(standardDeviation: $0 * factor) } ?? .unknown
      let maps = try MDI(estimator: estimator)(simulation.wrap(voxels))
      #expect(maps.countOfInvalidValues == 0)
      // Rounding of the samples changes a phase by eps over 3 ms, a rate as much.
      for (one, other) in zip(maps.field.voxels.elements, expected.field.voxels.elements) {
        #expect(abs(one - other) < 1e-2)
      }
      for (one, other) in zip(maps.r2Star.voxels.elements, expected.r2Star.voxels.elements) {
        #expect(abs(one - other) < 2e-2)
      }
      for (one, other) in zip(maps.magnitude.voxels.elements, expected.magnitude.voxels.elements) {
        #expect(abs(one / factor - other) < 1e-5)
      }
      let level = try #require(maps.noise.standardDeviation),
        before = try #require(expected.noise.standardDeviation)
      // What a model leaves unexplained is a thousandth of the energy that it is the small difference of.
      #expect(abs(level / factor - before) < 5e-4 * before)
    }
  }

  @Test(arguments: factors) func magnitudesScaleWithTheSamples(_ factor: Float) throws {
    let simulation = Simulation(matrix: Extents(x: 13, y: 7, z: 2), echoTimes: [4e-3, 9e-3], sigma: 0.01)
    let scaled = simulation.wrap(simulation.voxels.map { $0.multiplied(by: factor) })
    let squares = try zip(
      RootSumOfSquares()(scaled).voxels.elements,
      RootSumOfSquares()(simulation.images).voxels.elements)
    for (one, other) in squares { #expect(abs(one / factor - other) < 1e-5) }
    let combined = try zip(
      AdaptiveCombination()(scaled).voxels.elements,
      AdaptiveCombination()(simulation.images).voxels.elements)
    for (one, other) in combined { #expect((one.divided(by: factor) - other).length < 1e-4) }
  }

  /// A coil that was not plugged in has no size to go by; one that is nearly dead must not lead astray.
  @Test(arguments: [Float(0), 1e-22]) func firstChannelMayBeDead(_ level: Float) throws {
    let simulation = Simulation(matrix: Extents(x: 13, y: 7, z: 1), sigma: 0.01)
    var voxels = simulation.voxels
    for echo in 0..<8 {
      voxels.setPart(at: echo, 0, to: voxels.part(at: echo, 0).map { $0.multiplied(by: level) })
    }
    let maps = try MDI()(simulation.wrap(voxels))
    #expect(maps.countOfInvalidValues == 0)
    for (value, voxel) in zip(try RootSumOfSquares()(simulation.wrap(voxels)).voxels.elements, 0...) {
      let sum = (1..<4).reduce(Float(0)) {
        $0 + voxels.elements[(voxel / 91 * 4 + $1) * 91 + voxel % 91].lengthSquared
      }
      #expect(abs(value - sum.squareRoot()) < 1e-5)
    }
  }
}
