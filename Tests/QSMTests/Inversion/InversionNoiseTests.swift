import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Phantoms
import TestSupport
import Testing

@testable import QSM

/// How an inversion deals with noise that it is told of, and with noise that it is not told of.
@Suite(.serialized) struct InversionNoiseTests {
  struct Grid: Sendable, CustomStringConvertible {
    var description: String
    var voxelSize: SIMD3<Double>
    var tilt: Double
  }

  static let grids = [
    Grid(description: "isotropic", voxelSize: [1, 1, 1], tilt: 0),
    Grid(description: "0.8 x 0.8 x 2 mm", voxelSize: [0.8, 0.8, 2], tilt: 0),
    Grid(description: "tilted", voxelSize: [1, 1, 1], tilt: 0.4),
  ]

  /// Damping that follows the noise squared reads 30, 60 and 123 ppb for 100, 200 and 400 at 8 ppb.
  @Test(arguments: grids, [1e-3, 2e-3, 4e-3, 8e-3]) func spheresKeepTheirAmplitude(
    _ grid: Grid, _ noise: Double
  ) throws {
    let scene = SphereScene(voxelSize: grid.voxelSize, tilt: grid.tilt, noise: noise)
    let errors = scene.errors(of: try TotalVariation()(scene.measurement))
    #expect(errors.allSatisfy { abs($0) < (noise > 4e-3 ? 0.1 : 0.05) }, "\(errors)")
  }

  @Test func levelIsEstimatedAndStated() throws {
    for noise in [1e-3, 4e-3, 8e-3] {
      let scene = SphereScene(voxelSize: [1, 1, 1], noise: noise)
      let map = try TotalVariation()(scene.measurement)
      let deviation = try #require(map.fieldDeviation), weight = try #require(map.regularization)
      #expect(abs(deviation / noise - 1) < 0.05)
      #expect(map.isFieldDeviationEstimated)
      // Noise is all that this map leaves unexplained, so that the residual does not change the weight.
      #expect(abs(weight / (TotalVariation().noiseFactor * noise) - 1) < 0.1)
      let shrinkage = try #require(map.shrinkage)
      #expect(abs(shrinkage) < 0.05)
    }
  }

  /// A slice has no cubes of voxels, and the grid that is worked on has more than the slice.
  @Test func levelOfASliceIsEstimated() throws {
    let geometry = Geometry(matrix: Extents(x: 64, y: 64, z: 1), voxelSize: [1e-3, 1e-3, 1e-3])
    var generator = SeededGenerator(seed: 6)
    var measurement = SphereScene(voxelSize: [1, 1, 1], noise: 0).measurement
    let hertz = 0.02 * measurement.hertzPerPPM
    let values = (0..<64 * 64).map { _ in Float(hertz * generator.normal()) }
    measurement = FieldMeasurement(
      field: ImageVolumes(NDArray(values, shape: [1, 1, 64, 64]), geometry: geometry),
      mask: ImageVolumes(NDArray(repeating: 1, shape: [1, 1, 64, 64]), geometry: geometry),
      fieldStrength: measurement.fieldStrength)
    let deviation = try #require(try TotalVariation()(measurement).fieldDeviation)
    #expect(abs(deviation / 0.02 - 1) < 0.1, "\(deviation)")
  }

  /// The problem is the same: with the noise that the field shows, a noise map changes nothing.
  @Test func uniformNoiseMapsGiveTheMapWithoutOne() throws {
    let scene = SphereScene(voxelSize: [1, 1, 1], noise: 3e-3)
    var measurement = scene.measurement
    let plain = try TotalVariation()(measurement)
    let hertz = Float(3e-3 * measurement.hertzPerPPM)
    for (factor, isEqual) in [(Float(1.001), true), (0.1, true), (4, false)] {
      measurement.fieldNoise = measurement.field.map { _ in factor * hertz }
      let map = try TotalVariation()(measurement)
      let difference = relativeError(map.susceptibility.voxels, plain.susceptibility.voxels)
      // A level that differs by a few per cent moves the map by much less.
      #expect(isEqual ? difference < 0.03 : difference > 0.05)
    }
  }

  /// More noise, stated, has to mean more regularisation.
  @Test func statedNoiseIsUsed() throws {
    var measurement = SphereScene(voxelSize: [1, 1, 1], noise: 1e-3).measurement
    measurement.fieldNoise = measurement.field.map { _ in Float(10e-3 * 3 * 42.577) }
    let map = try TotalVariation()(measurement)
    #expect(abs(try #require(map.fieldDeviation) - 10e-3) < 1e-4)
    #expect(!map.isFieldDeviationEstimated)
  }

  /// Lengths and fields have no unit: a scene of a tenth of the size gives the same map in as many iterations.
  @Test func mapDoesNotDependOnTheUnitOfLength() throws {
    var measurement = SphereScene(voxelSize: [2, 2, 3], noise: 2e-3, radius: 6).measurement
    let map = try TotalVariation()(measurement)
    measurement.field.geometry.voxelSize /= 16
    measurement.mask.geometry.voxelSize /= 16
    let small = try TotalVariation()(measurement)
    #expect(relativeError(small.susceptibility.voxels, map.susceptibility.voxels) < 1e-3)
    #expect(abs(small.iterations - map.iterations) <= 1)
  }

  /// With the truth at hand, no weight is much better than the default one.
  @Test(arguments: [1e-3, 2.5e-3]) func defaultWeightIsNearTheBest(_ noise: Double) throws {
    let phantom = HeadPhantom(
      HeadAnatomy(seed: 11),
      geometry: Geometry(matrix: Extents(x: 80, y: 96, z: 48), voxelSize: [2.4e-3, 2.4e-3, 3e-3]), channels: 1
    )
    var generator = SeededGenerator(seed: 3)
    let hertz = phantom.parameters.imagingFrequency * 1e-6
    var field = try AutomaticBackground()(phantom.field, mask: phantom.brainMask)
    field.field.voxels.withUnsafeMutableBufferPointer { values in
      for voxel in values.indices { values[voxel] += Float(noise * hertz * generator.normal()) }
    }
    let measurement = FieldMeasurement(
      field: field.field, mask: field.mask, fieldStrength: phantom.parameters.fieldStrength)
    func error(_ method: TotalVariation) throws -> Double {
      Self.error(
        try method(measurement).susceptibility.voxels.elements, phantom.susceptibility.voxels.elements,
        where: field.mask.voxels.elements)
    }
    let found = try error(TotalVariation())
    #expect(found < 0.65)
    let weight = try #require(try TotalVariation()(measurement).regularization)
    for factor in [0.25, 0.5, 2, 4] {
      var method = TotalVariation()
      method.regularization = factor * weight
      #expect(found < 1.1 * (try error(method)), "\(factor)")
    }
  }

  /// A sparse map has neither texture nor the right amount of noise; its mean with the linear map is nearer to the truth.
  @Test func textureIsNotTakenForEdges() throws {
    let phantom = HeadPhantom(
      HeadAnatomy(seed: 12),
      geometry: Geometry(matrix: Extents(x: 80, y: 96, z: 60), voxelSize: [2.4e-3, 2.4e-3, 2.4e-3]),
      channels: 1
    )
    let mask = phantom.brainMask, inside = mask.voxels.elements
    let kernel = DipoleKernel(phantom.susceptibility.geometry), extents = kernel.matrix
    var generator = SeededGenerator(seed: 9)
    func noise() -> NDArray<Float> {
      NDArray((0..<extents.count).map { _ in Float(generator.normal()) }, shape: extents.shape)
    }
    var texture = noise()
    let transform = RealFourierTransform(shape: extents.shape)
    var workspace = transform.makeWorkspace()
    transform.filter(&texture, workspace: &workspace, by: Self.blur(kernel, deviation: 1.2e-3))
    let scale = Float(12e-3 / (texture.dot(texture) / Double(extents.count)).squareRoot())
    let head = phantom.susceptibility.voxels.elements, fine = texture.elements
    let truth = head.indices.map { inside[$0] != 0 ? head[$0] + scale * fine[$0] : 0 }
    let hertz = Float(phantom.parameters.imagingFrequency * 1e-6)
    let field = kernel.field(of: NDArray(truth, shape: extents.shape))
      .combined(with: noise()) { hertz * ($0 + 3e-3 * $1) }
    let measurement = FieldMeasurement(
      field: ImageVolumes(
        NDArray(field.elements, shape: [1] + extents.shape), geometry: phantom.susceptibility.geometry),
      mask: mask, fieldStrength: phantom.parameters.fieldStrength)
    func error(_ method: TotalVariation) throws -> Double {
      Self.error(try method(measurement).susceptibility.voxels.elements, truth, where: inside)
    }
    var sparse = TotalVariation()
    sparse.blendsLinear = false
    let (blended, alone) = (try error(TotalVariation()), try error(sparse))
    #expect(blended < 0.95 * alone, "\(blended), \(alone)")
  }

  /// The factors of a Gaussian [m].
  private static func blur(_ kernel: DipoleKernel, deviation: Double) -> NDArray<Float> {
    let half = kernel.matrix.x / 2 + 1, scale = -2 * Double.pi * .pi * deviation * deviation
    let axes = (0..<3).map { DipoleKernel.frequencies(kernel.matrix[$0], voxelSize: kernel.voxelSize[$0]) }
    var values: [Float] = []
    for z in axes[2] {
      for y in axes[1] {
        for x in axes[0][..<half] { values.append(Float(Double.exp(scale * (x * x + y * y + z * z)))) }
      }
    }
    return NDArray(values, shape: [kernel.matrix.z, kernel.matrix.y, half])
  }

  /// The root mean squared error relative to the truth's deviation, both without their means.
  private static func error(_ values: [Float], _ truth: [Float], where mask: [UInt8]) -> Double {
    let chosen = mask.indices.filter { mask[$0] != 0 }, count = Double(chosen.count)
    let means = chosen.reduce(SIMD2<Double>.zero) { $0 + [Double(values[$1]), Double(truth[$1])] } / count
    let sums = chosen.reduce(SIMD2<Double>.zero) {
      let expected = Double(truth[$1]) - means.y, difference = Double(values[$1]) - means.x - expected
      return $0 + [difference * difference, expected * expected]
    }
    return (sums.x / sums.y).squareRoot()
  }
}
