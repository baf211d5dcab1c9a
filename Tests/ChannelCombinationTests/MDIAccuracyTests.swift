import ChannelCombination
import MRIData
import NDArrays
import Numerics
import Testing

@Suite struct MDIAccuracyTests {
  private func simulation(_ rate: Double, _ ratio: Double) -> Simulation {
    Simulation(
      matrix: Extents(x: 64, y: 63, z: 1), channels: 32, relaxation: { _ in rate }, field: { _ in 30 },
      sigma: 1 / ratio, noise: .whitened(standardDeviation: Float(1 / ratio)), seed: UInt64(rate + ratio))
  }

  @Test(arguments: [5.0, 20, 60], [20.0, 60, 200]) func eigenvectorReachesTheCramerRaoBound(
    _ rate: Double, _ ratio: Double
  ) throws {
    let simulation = simulation(rate, ratio)
    let maps = try MDI()(simulation.images)
    let bound = simulation.cramerRaoBound
    let field = statistics(maps.field.voxels.elements)
    let relaxation = statistics(maps.r2Star.voxels.elements)
    // 4,000 voxels give a standard deviation to 1.1 %; the bound itself cannot be undercut by more than that.
    #expect(field.deviation < 1.15 * bound.field && field.deviation > 0.95 * bound.field)
    #expect(relaxation.deviation < 1.15 * bound.relaxation && relaxation.deviation > 0.95 * bound.relaxation)
    #expect(abs(relaxation.mean - rate) < 0.05 * rate)
    #expect(abs(field.mean - 30) < 4 * bound.field / 63)
    let stated = statistics(try #require(maps.fieldNoise).voxels.elements)
    #expect(abs(stated.mean - field.deviation) < 0.05 * field.deviation)
    // The combined magnitude of the first echo, free of its noise floor.
    let magnitude = statistics(maps.magnitude[0].elements)
    #expect(abs(magnitude.mean - 1) < 0.01)
  }

  /// Late echoes drowned in noise: a fit to their logarithms gives 110 1/s.
  @Test func fastDecayIsNotUnderestimated() throws {
    let relaxation = statistics(try MDI()(simulation(120, 20).images).r2Star.voxels.elements)
    #expect(abs(relaxation.mean - 120) < 3)
  }

  /// Where the first echoes hold all the signal: two steps from the logarithm of the magnitude give 272 for 500 1/s at
  /// 100, and 178 for 300 at 20, with a tenth of the field's true deviation.
  @Test(arguments: [(300.0, 100.0), (500, 100), (200, 20), (300, 20)]) func fastDecayConverges(
    _ rate: Double, _ ratio: Double
  ) throws {
    let simulation = simulation(rate, ratio)
    let maps = try MDI()(simulation.images)
    let bound = simulation.cramerRaoBound
    let relaxation = statistics(maps.r2Star.voxels.elements), field = statistics(maps.field.voxels.elements)
    #expect(abs(relaxation.mean / rate - 1) < 0.03)
    let stated = try #require(maps.fieldNoise).voxels.elements.sorted()
    #expect(abs(Double(stated[stated.count / 2]) / bound.field - 1) < 0.2)
    #expect(abs(field.deviation / bound.field - 1) < 0.2)
  }

  /// Without equal spacings the first rate is that of the logarithm, which noise makes too small: two steps leave it 3 %
  /// short.
  @Test func fastDecayConvergesFromUnequalEchoes() throws {
    var simulation = simulation(300, 20)
    simulation.echoTimes = [3.3e-3, 6.4e-3, 9.5e-3, 12.6e-3, 17e-3, 24e-3]
    let relaxation = statistics(try MDI()(simulation.images).r2Star.voxels.elements)
    #expect(abs(relaxation.mean / 300 - 1) < 0.015)
  }

  /// A long first gap: the shortest pair is the noisiest, and its turns are not all there is to choose from.
  @Test(arguments: [10.0, 20, 30]) func unequalEchoesFindTheFrequencyFromAllPairs(_ rate: Double) throws {
    var simulation = simulation(rate, 20)
    simulation.echoTimes = [4e-3, 20e-3, 22e-3, 40e-3]
    simulation.field = { Double($0 % 401) - 200 }
    let bound = simulation.cramerRaoBound.field
    let maps = try MDI()(simulation.images)
    let values = maps.field.voxels.elements
    let wrong = values.indices.count {
      abs(wrappedDifference(Double(values[$0]), Double($0 % 401) - 200, period: maps.fieldPeriod)) > 5 * bound
    }
    #expect(Double(wrong) < 0.01 * Double(values.count))
  }

  /// No more numbers than unknowns: the noise shows in how neighbours differ.
  @Test func twoEchoesOfOneChannelShowTheirNoise() throws {
    let sigma = 0.02
    var simulation = Simulation(
      matrix: Extents(x: 24, y: 20, z: 12), channels: 1, echoTimes: [5e-3, 9e-3], sigma: sigma)
    // A field that wraps, and a channel that does not change from voxel to voxel by more than its phase.
    simulation.field = { Double($0 % 24) * 9 }
    let maps = try MDI()(simulation.images)
    let level = try #require(maps.noise.standardDeviation)
    #expect(abs(Double(level) / sigma - 1) < 0.1)
    let stated = try #require(maps.fieldNoise).voxels.elements.sorted()
    #expect(abs(Double(stated[stated.count / 2]) / simulation.cramerRaoBound.field - 1) < 0.15)
  }

  /// The sd of the published estimator in Hz as an independent NumPy prototype measured it.
  @Test(arguments: [(20.0, 20.0, 0.884), (20, 200, 0.066), (60, 60, 0.378)])
  func echoRatioBehavesAsPublished(_ rate: Double, _ ratio: Double, _ expected: Double) throws {
    let simulation = simulation(rate, ratio)
    let maps = try MDI(estimator: .echoRatio)(simulation.images)
    let field = statistics(maps.field.voxels.elements)
    #expect(abs(field.deviation - expected) < 0.05 * expected)
    let stated = statistics(try #require(maps.fieldNoise).voxels.elements)
    #expect(abs(stated.mean - field.deviation) < 0.05 * field.deviation)
    let relaxation = statistics(maps.r2Star.voxels.elements)
    #expect(abs(relaxation.mean - rate) < 0.05 * rate)
  }

  /// Without its floor the published estimator gives 85.6 1/s.
  @Test(arguments: MDI.Estimator.allCases) func anEstimatedNoiseLevelTakesOffItsFloor(
    _ estimator: MDI.Estimator
  ) throws {
    var simulation = simulation(20, 20)
    let known = try MDI(estimator: estimator)(simulation.images)
    simulation.noise = .unknown
    let maps = try MDI(estimator: estimator)(simulation.images)
    #expect(abs(statistics(maps.r2Star.voxels.elements).mean - 20) < 0.05 * 20)
    let magnitudes = [known, maps].map { statistics($0.magnitude[0].elements).mean }
    #expect(abs(magnitudes[0] / magnitudes[1] - 1) < 0.005)
    #expect(maps.assumptions.contains { $0.contains("was taken off") })
  }

  /// As from SENSE: channels that are copies of one image tell nothing of its noise.
  @Test(arguments: [2, 4]) func copiesOfOneImageShowItsNoise(_ echoes: Int) throws {
    let sigma = 0.02
    var simulation = Simulation(
      matrix: Extents(x: 24, y: 20, z: 12), channels: 1, echoTimes: Simulation.protocolTimes(echoes),
      sigma: sigma)
    simulation.field = { Double($0 % 24) * 9 }
    let one = simulation.voxels,
      sensitivities = (0..<8).map { Complex<Float>(length: Float(0.125).squareRoot(), phase: Float($0)) }
    let copies = (0..<echoes).flatMap { echo in
      sensitivities.flatMap { factor in one.part(at: echo).elements.map { $0 * factor } }
    }
    simulation.noise = .shared
    simulation.channels = 8
    let maps = try MDI()(simulation.wrap(NDArray(copies, shape: [echoes, 8] + simulation.matrix.shape)))
    let level = try #require(maps.noise.standardDeviation)
    #expect(abs(Double(level) / sigma - 1) < 0.1)
    let stated = try #require(maps.fieldNoise).voxels.elements.sorted()
    #expect(abs(Double(stated[stated.count / 2]) / simulation.cramerRaoBound.field - 1) < 0.15)
  }

  @Test(arguments: [(8, 32), (3, 1), (2, 3)]) func noiseLevelIsEstimated(
    _ echoes: Int, _ channels: Int
  ) throws {
    var simulation = simulation(20, 60)
    simulation.channels = channels
    simulation.echoTimes = Simulation.protocolTimes(echoes)
    simulation.noise = .unknown
    let noise = try MDI()(simulation.images).noise
    let level = try #require(noise.standardDeviation)
    #expect(abs(Double(level) * 60 - 1) < 0.05)
  }

  @Test func twoEchoesOfOneChannelHaveNoNoiseEstimate() throws {
    let maps = try MDI()(Simulation(channels: 1, echoTimes: [5e-3, 9e-3], sigma: 0.01).images)
    #expect(maps.noise == .unknown)
    #expect(maps.fieldNoise == nil)
  }
}
