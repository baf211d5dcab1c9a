import ChannelCombination
import MRIData
import Testing

@Suite struct OddEvenPhaseTests {
  private func simulation(_ times: [Double], _ channels: Int) -> Simulation {
    let matrix = Extents(x: 31, y: 24, z: 5)
    return Simulation(
      matrix: matrix, channels: channels, echoTimes: times,
      polarities: times.indices.map { $0 % 2 == 0 ? .forward : .reversed },
      // Nearly half a period either way; echoes of one polarity resolve no more than half of that.
      field: { 0.45 / (times[1] - times[0]) * Double.sin(Double($0 % 31) / 5) },
      oddEven: { voxel in
        0.4 + 0.05 * Double(voxel % 31 - 15) - 0.02 * Double(voxel / 31 % 24 - 12)
          + 0.03 * Double(voxel / 744 - 2)
      }, sigma: 0.01, noise: .whitened(standardDeviation: 0.01))
  }

  @Test(arguments: [
    (Simulation.protocolTimes(8), 6), (Simulation.protocolTimes(3), 2), ([4e-3, 9e-3, 15e-3], 1),
  ])
  func linearPhaseOfReversedReadoutsIsTakenOut(_ times: [Double], _ channels: Int) throws {
    let simulation = simulation(times, channels)
    let maps = try MDI()(simulation.images)
    let found = try #require(maps.oddEvenPhase)
    // 3,720 voxels with a phase known to about 0.02 rad each.
    #expect(abs(found.offset - 0.4) < 0.002)
    #expect(abs(found.slope.x - 0.05) < 2e-4)
    #expect(abs(found.slope.y + 0.02) < 2e-4)
    #expect(abs(found.slope.z - 0.03) < 1e-3)
    let bound = simulation.cramerRaoBound.field
    let errors = maps.field.voxels.elements.enumerated().map { voxel, value in
      Float(wrappedDifference(Double(value), simulation.field(voxel), period: maps.fieldPeriod))
    }
    #expect(statistics(errors).deviation < 1.1 * bound)
    #expect(abs(statistics(errors).mean) < 0.1 * bound)
    #expect(maps.assumptions.contains { $0.contains("Reversed readouts") })
  }

  /// The place of a plane and the constant then tell the same.
  @Test(arguments: [0, 1, 2, 4]) func signalOfOnePlaneHasNoSlopeThroughIt(_ plane: Int) throws {
    let simulation = simulation(Simulation.protocolTimes(3), 2)
    var voxels = simulation.voxels
    voxels.withUnsafeMutableBufferPointer { voxels in
      for index in voxels.indices where index / 744 % 5 != plane { voxels[index] = .zero }
    }
    let images = simulation.wrap(voxels)
    let maps = try MDI()(images)
    let found = try #require(maps.oddEvenPhase)
    #expect(found.offset.isFinite && abs(found.slope.x - 0.05) < 1e-3 && abs(found.slope.y + 0.02) < 1e-3)
    let inside = maps.field.voxels.elements.enumerated().filter { $0.offset / 744 == plane }
    let errors = inside.map {
      Float(wrappedDifference(Double($0.element), simulation.field($0.offset), period: maps.fieldPeriod))
    }
    #expect(abs(statistics(errors).mean) < 0.2 * simulation.cramerRaoBound.field)
  }

  @Test func echoRatioIsCorrectedToo() throws {
    let simulation = simulation(Simulation.protocolTimes(8), 6)
    let maps = try MDI(estimator: .echoRatio)(simulation.images)
    let errors = maps.field.voxels.elements.enumerated().map { Float(Double($1) - simulation.field($0)) }
    #expect(abs(statistics(errors).mean) < 0.02)
    #expect(statistics(errors).deviation < 2 * simulation.cramerRaoBound.field)
  }

  @Test func forwardReadoutsAreLeftAlone() throws {
    #expect(try MDI()(Simulation().images).oddEvenPhase == nil)
  }

  @Test func twoEchoesOfOppositePolarityAreRefused() {
    let simulation = Simulation(echoTimes: [4e-3, 8e-3], polarities: [.forward, .reversed])
    let untouched = ChannelImages(
      channels: 4, parameters: simulation.parameters, geometry: simulation.geometry
    ) { channel in
      Issue.record("channel \(channel) was computed in vain")
      return simulation.voxels.part(at: 0)
    }
    #expect(throws: CoilCombinationError.inseparablePolarities([.forward, .reversed])) {
      try MDI()(untouched)
    }
  }
}
