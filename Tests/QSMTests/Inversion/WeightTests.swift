import MRIData
import NDArrays
import QSM
import TestSupport
import Testing

/// What weights of data and edges do.
@Suite struct WeightTests {
  /// The root mean squared error in the mask [ppm].
  private func error(
    _ map: SusceptibilityMap, _ chi: ImageVolumes<Float>, _ mask: ImageVolumes<UInt8>
  ) -> Double {
    let (values, truth, inside) = (
      map.susceptibility.voxels.elements, chi.voxels.elements, mask.voxels.elements
    )
    let chosen = inside.indices.filter { inside[$0] != 0 }
    let differences = chosen.map { Double(values[$0] - truth[$0]) }
    let mean = differences.reduce(0, +) / Double(chosen.count)
    return (differences.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(chosen.count)).squareRoot()
  }

  @Test func uniformNoiseWeighsNothing() throws {
    var (_, measurement) = InversionLawTests.scene()
    var method = TotalVariation()
    method.expectedDeviation = nil
    method.tolerance = 1e-5
    let plain = try method(measurement)
    measurement.fieldNoise = measurement.field.map { _ in 0.3 }
    // Two ways to the same minimum, each as near as its last steps are short.
    #expect(relativeError(try method(measurement).susceptibility.voxels, plain.susceptibility.voxels) < 0.02)
  }

  @Test func voxelsKnownToBeWrongDoLessHarm() throws {
    let (chi, scene) = InversionLawTests.scene()
    var measurement = scene
    measurement.fieldNoise = measurement.field.map { _ in 0.2 }
    for (z, y, x) in [(8, 14, 15), (9, 10, 12), (6, 17, 18), (8, 20, 14)] {
      measurement.field.voxels[0, z, y, x] += 30
      measurement.fieldNoise?.voxels[0, z, y, x] = 50
    }
    var method = TotalVariation()
    let weighted = error(try method(measurement), chi, measurement.mask)
    method.weighsData = false
    let trusting = error(try method(measurement), chi, measurement.mask)
    method.reweightings = 2
    let reweighted = error(try method(measurement), chi, measurement.mask)
    #expect(weighted < 0.7 * trusting)
    #expect(reweighted < 0.9 * trusting)
  }

  @Test func wholeTurnsDoNotCount() throws {
    let (chi, scene) = InversionLawTests.scene()
    var measurement = scene
    // A turn at 20 ms is 50 Hz.
    for (z, y, x) in [(8, 14, 15), (9, 10, 12), (6, 17, 18)] { measurement.field.voxels[0, z, y, x] += 50 }
    let linear = error(try TotalVariation()(measurement), chi, measurement.mask)
    let nonlinear = error(try InversionLawTests.nonlinear(measurement), chi, measurement.mask)
    #expect(nonlinear < 0.8 * linear)
  }

  @Test func edgesOfTheMagnitudeSharpenTheMap() throws {
    let (chi, scene) = InversionLawTests.scene()
    var measurement = scene
    var method = TotalVariation()
    method.regularization = 1e-3
    method.edges = EdgeWeights(fraction: 0.1)
    method.blendsLinear = false
    let plain = error(try method(measurement), chi, measurement.mask)
    measurement.magnitude = chi.map { 1 - 3 * $0 }
    let edged = error(try method(measurement), chi, measurement.mask)
    #expect(edged < 0.8 * plain)
  }

  @Test func companionsOnOtherGridsAreNamed() throws {
    let (_, good) = InversionLawTests.scene()
    let other = InversionLawTests.scene(matrix: Extents(x: 9, y: 8, z: 7)).chi
    var bad = good
    bad.fieldNoise = other
    #expect(
      throws: QSMError.gridMismatch(
        name: "field noise", Extents(x: 9, y: 8, z: 7), field: Extents(x: 31, y: 28, z: 17))
    ) { try TotalVariation()(bad) }
    bad = good
    bad.magnitude = ImageVolumes(
      NDArray(repeating: 1, shape: [2] + good.field.geometry.matrix.shape), geometry: good.field.geometry)
    #expect(throws: QSMError.notOneVolume(name: "magnitude", count: 2)) { try TotalVariation()(bad) }
  }
}
