import MRIData
import NDArrays
import Numerics
import Testing

@testable import ChannelCombination

@Suite struct RootSumOfSquaresTests {
  @Test(arguments: [1, 2, 5]) func equalsItsDefinition(_ channels: Int) throws {
    let simulation = Simulation(
      matrix: Extents(x: 11, y: 3, z: 2), channels: channels, echoTimes: [4e-3, 9e-3], sigma: 0.4)
    let voxels = simulation.voxels
    let magnitude = try RootSumOfSquares()(simulation.images)
    #expect(magnitude.voxels.shape == [2, 2, 3, 11])
    for echo in 0..<2 {
      for voxel in 0..<66 {
        let sum = (0..<channels).reduce(0.0) {
          let value = voxels.elements[(echo * channels + $1) * 66 + voxel]
          return $0 + Double(value.real) * Double(value.real) + Double(value.imaginary)
            * Double(value.imaginary)
        }
        let error = Double(magnitude.voxels.elements[echo * 66 + voxel]) - sum.squareRoot()
        #expect(abs(error) <= 4 * Double(Float.ulpOfOne) * sum.squareRoot())
      }
    }
  }

  @Test func oneEchoIsEnough() throws {
    let magnitude = try RootSumOfSquares()(Simulation(echoTimes: [4e-3]).images)
    #expect(magnitude.voxels.elements.allSatisfy { abs($0 - 1) < 1e-6 })
  }
}

@Suite struct AdaptiveCombinationTests {
  /// Surface coils around a disc: each sensitivity falls off with distance and turns with the angle.
  private func ring(_ matrix: Extents, channels: Int, times: [Double], sigma: Double) -> (
    images: ChannelImages, voxels: NDArray<Complex<Float>>
  ) {
    var generator = SeededGenerator(seed: 4)
    var voxels = NDArray<Complex<Float>>(repeating: .zero, shape: [times.count, channels] + matrix.shape)
    let radius = Double(matrix.x) * 0.6
    for z in 0..<matrix.z {
      for y in 0..<matrix.y {
        for x in 0..<matrix.x {
          let px = Double(x - matrix.x / 2), py = Double(y - matrix.y / 2)
          let isInside = px * px + py * py < 0.2 * Double(matrix.x * matrix.x)
          for channel in 0..<channels {
            let angle = 2 * Double.pi * Double(channel) / Double(channels)
            let dx = px - radius * .cos(angle), dy = py - radius * .sin(angle)
            let distance = (dx * dx + dy * dy).squareRoot()
            // The field of a loop as a dipole would have it: along the line to the coil, hence the phase.
            let coil = Complex(
              length: 1 / (1 + distance * distance / (radius * radius)), phase: .atan2(y: dy, x: dx))
            for (echo, time) in times.enumerated() {
              let signal = Complex(length: isInside ? Double.exp(-20 * time) : 0, phase: 200 * time)
              let value = coil * signal
              voxels[echo, channel, z, y, x] = Complex(
                Float(value.real + sigma * generator.normal()),
                Float(value.imaginary + sigma * generator.normal()))
            }
          }
        }
      }
    }
    let images = ChannelImages(
      voxels, parameters: ScanParameters(echoTimes: times, fieldStrength: 3),
      geometry: Geometry(matrix: matrix, voxelSize: [1, 1, 1]))
    return (images, voxels)
  }

  @Test(arguments: [Extents(x: 33, y: 29, z: 1), Extents(x: 19, y: 37, z: 3)])
  func magnitudeAndEchoPhaseArePreserved(_ matrix: Extents) throws {
    let (images, voxels) = ring(matrix, channels: 5, times: [5e-3, 12e-3], sigma: 0)
    let combined = try AdaptiveCombination(radius: 1)(images).voxels.elements
    let squares = try RootSumOfSquares()(images).voxels.elements
    for voxel in 0..<matrix.count {
      // Sensitivities change by some 10 % from voxel to voxel: a mean direction loses the square of that.
      #expect(combined[voxel].length <= squares[voxel] * (1 + 1e-5))
      #expect(combined[voxel].length >= squares[voxel] * 0.98)
      let turn = combined[matrix.count + voxel] * combined[voxel].conjugate
      guard squares[voxel] > 0 else { continue }
      #expect(abs(turn.phase - 200 * 7e-3) < 1e-5)
    }
    #expect(voxels.shape[1] == 5)
  }

  /// Against covariances summed voxel by voxel, and their eigenvectors in double precision.
  @Test(arguments: [0, 1, 2]) func equalsItsDefinition(_ radius: Int) throws {
    let matrix = Extents(x: 19, y: 7, z: 4)
    let (images, voxels) = ring(matrix, channels: 3, times: [5e-3, 12e-3], sigma: 0.01)
    let combined = try AdaptiveCombination(radius: Double(radius))(images).voxels
    func signal(_ echo: Int, _ z: Int, _ y: Int, _ x: Int) -> [Complex<Double>] {
      (0..<3).map {
        let value = voxels[echo, $0, z, y, x]
        return Complex(Double(value.real), Double(value.imaginary))
      }
    }
    for (z, y, x) in [(0, 0, 0), (1, 3, 7), (2, 3, 8), (3, 6, 18), (1, 2, 15), (2, 4, 16)] {
      var neighbours: [[Complex<Double>]] = []
      for dz in max(0, z - radius)...min(3, z + radius) {
        for dy in max(0, y - radius)...min(6, y + radius) {
          for dx in max(0, x - radius)...min(18, x + radius) {
            neighbours += [signal(0, dz, dy, dx), signal(1, dz, dy, dx)]
          }
        }
      }
      var weights = signal(0, z, y, x)
      for _ in 0..<500 {
        var next = [Complex<Double>](repeating: .zero, count: 3)
        for sample in neighbours {
          let product = zip(sample, weights).reduce(Complex<Double>.zero) { $0 + $1.0.conjugate * $1.1 }
          for channel in 0..<3 { next[channel] += sample[channel] * product }
        }
        let norm = next.reduce(0) { $0 + $1.lengthSquared }.squareRoot()
        weights = next.map { $0.divided(by: norm) }
      }
      for echo in 0..<2 {
        let expected = zip(weights, signal(echo, z, y, x)).reduce(Complex<Double>.zero) {
          $0 + $1.0.conjugate * $1.1
        }
        #expect(abs(Double(combined[echo, z, y, x].length) - expected.length) < 1e-5)
      }
    }
  }

  @Test(arguments: [
    (SIMD3(1e-3, 1e-3, 1e-3), nil, Extents(x: 2, y: 2, z: 2)),
    (SIMD3(0.9e-3, 1.1e-3, 1.8e-3), nil, Extents(x: 2, y: 1, z: 1)),
    (SIMD3(1.875e-3, 1.875e-3, 5e-3), nil, Extents(x: 2, y: 2, z: 0)),
    (SIMD3(1e-3, 1.5e-3, 3e-3), 3e-3, Extents(x: 3, y: 2, z: 1)),
    (SIMD3(0.1e-3, 1.5e-3, 3e-3), 2.9e-3, Extents(x: 8, y: 1, z: 0)),
    (SIMD3(1e-3, 1e-3, 1e-3), 0, Extents(x: 0, y: 0, z: 0)),
  ]) func radiusIsALength(_ size: SIMD3<Double>, _ radius: Double?, _ expected: Extents) {
    let geometry = Geometry(matrix: Extents(x: 9, y: 9, z: 9), voxelSize: size)
    #expect(AdaptiveCombination(radius: radius).neighbours(geometry) == expected)
  }

  /// Coils whose phases differ by a third of a turn from one thick slice to the next.
  @Test func thickSlicesAreCombinedOneByOne() throws {
    let matrix = Extents(x: 12, y: 9, z: 5)
    var voxels = NDArray<Complex<Float>>(repeating: .zero, shape: [1, 6] + matrix.shape)
    for channel in 0..<6 {
      for z in 0..<5 {
        for y in 0..<9 {
          for x in 0..<12 {
            let phase = Float(channel) * (2 * .pi / 6 * Float(z) + 0.02 * Float(x - y))
            voxels[0, channel, z, y, x] = Complex(length: 1, phase: phase)
          }
        }
      }
    }
    func ratios(_ thickness: Double) throws -> [Float] {
      let images = ChannelImages(
        voxels, parameters: ScanParameters(echoTimes: [5e-3], fieldStrength: 3),
        geometry: Geometry(matrix: matrix, voxelSize: [2e-3, 2e-3, thickness]))
      let squares = try RootSumOfSquares()(images).voxels.elements
      return try zip(AdaptiveCombination()(images).voxels.elements, squares).map { $0.length / $1 }
    }
    #expect(try ratios(6e-3).allSatisfy { $0 > 0.95 })
    // The same slices as neighbours: their coil vectors are orthogonal.
    #expect(try ratios(2e-3).contains { $0 < 0.8 })
  }

  @Test func equalSensitivitiesGiveTheMatchedFilter() throws {
    // Without noise, and with the same channel weights everywhere, the combination is exact to rounding.
    let matrix = Extents(x: 10, y: 7, z: 3)
    let coils: [Complex<Float>] = [Complex(1, 2), Complex(-3, 0.5), Complex(0, -1)]
    var voxels = NDArray<Complex<Float>>(repeating: .zero, shape: [1, 3] + matrix.shape)
    var generator = SeededGenerator(seed: 2)
    let object = (0..<matrix.count).map { _ in Complex(Float(generator.normal()), Float(generator.normal())) }
    for channel in 0..<3 {
      voxels.setPart(at: 0, channel, to: NDArray(object.map { $0 * coils[channel] }, shape: matrix.shape))
    }
    let combined = try AdaptiveCombination()(
      ChannelImages(
        voxels, parameters: ScanParameters(echoTimes: [4e-3], fieldStrength: 3),
        geometry: Geometry(matrix: matrix, voxelSize: [1, 1, 1])))
    let norm = coils.reduce(0) { $0 + $1.lengthSquared }.squareRoot()
    let turn = combined.voxels.elements[0] / object[0]
    #expect(abs(turn.length - norm) < 1e-5 * norm)
    for (value, expected) in zip(combined.voxels.elements, object) {
      #expect((value - expected * turn).length < 1e-5 * norm * max(1, expected.length))
    }
  }

  @Test func channelsInAnyOrderGiveTheSameImage() throws {
    let (images, _) = ring(Extents(x: 21, y: 18, z: 2), channels: 6, times: [5e-3], sigma: 0.005)
    let reversed = ChannelImages(channels: 6, parameters: images.parameters, geometry: images.geometry) {
      try images.channel(5 - $0)
    }
    let left = try AdaptiveCombination()(images).voxels.elements
    let right = try AdaptiveCombination()(reversed).voxels.elements
    // The phase common to the whole image is that of the virtual channel, which starts from the first one.
    let turn = zip(left, right).reduce(Complex<Float>.zero) { $0 + $1.0 * $1.1.conjugate }
    for (one, other) in zip(left, right) {
      #expect((one - other * turn.divided(by: turn.length)).length < 2e-5)
    }
  }

  @Test func phaseHasNoSingularity() throws {
    let matrix = Extents(x: 48, y: 48, z: 1)
    let (images, _) = ring(matrix, channels: 8, times: [5e-3], sigma: 0.002)
    let phase = try AdaptiveCombination()(images).voxels.elements.map { $0.phase }
    var windings = 0
    for y in 0..<47 {
      for x in 0..<47 {
        let corners = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1), (x, y)]
        guard corners.allSatisfy({ ($0.0 - 24) * ($0.0 - 24) + ($0.1 - 24) * ($0.1 - 24) < 400 }) else {
          continue
        }
        let angles = corners.map { phase[$0.1 * 48 + $0.0] }
        let turns = zip(angles.dropFirst(), angles).reduce(0) {
          $0 + ($1.0 - $1.1).remainder(dividingBy: 2 * .pi)
        }
        if abs(turns) > 1 { windings += 1 }
      }
    }
    #expect(windings == 0)
  }

  @Test func zerosStayZeroAndNaNStaysLocal() throws {
    let matrix = Extents(x: 17, y: 9, z: 1)
    var (images, voxels) = ring(matrix, channels: 3, times: [5e-3, 9e-3], sigma: 0.01)
    for echo in 0..<2 {
      for channel in 0..<3 { voxels[echo, channel, 0, 4, 8] = .zero }
    }
    voxels[1, 2, 0, 4, 5] = Complex(.nan, .nan)
    images = ChannelImages(voxels, parameters: images.parameters, geometry: images.geometry)
    let combined = try AdaptiveCombination()(images).voxels
    #expect(combined[0, 0, 4, 8] == .zero)
    #expect(!combined[1, 0, 4, 5].isFinite)
    #expect(combined.elements.count { !$0.isFinite } == 1)
    #expect(
      try AdaptiveCombination()(
        ChannelImages(
          NDArray(repeating: .zero, shape: voxels.shape), parameters: images.parameters,
          geometry: images.geometry)
      ).voxels.elements.allSatisfy { $0 == .zero })
  }
}
