import Evaluation
import NDArrays
import Testing

@Suite struct RegionTests {
  private let labels = NDArray<Int32>([0, 7, 7, 2, 7, 2, 0, -3], shape: [2, 2, 2])
  private let image = NDArray<Float>([.nan, 1, 2, 10, 6, 20, .infinity, 5], shape: [2, 2, 2])

  @Test func regionsAreSummarizedByAscendingLabel() throws {
    let regions = try RegionStatistics.all(in: image, labels: labels)
    #expect(regions.map(\.label) == [-3, 2, 7] && regions.map(\.count) == [1, 2, 3])
    #expect(regions.map(\.mean) == [5, 15, 3] && regions.map(\.median) == [5, 15, 2])
    #expect(regions[0].standardDeviation == nil)
    #expect(abs((regions[2].standardDeviation ?? 0) - 7.0.squareRoot()) < 1e-15)
    #expect(regions[2].minimum == 1 && regions[2].maximum == 6)
  }

  @Test func theMaskLeavesVoxelsAndRegionsOut() throws {
    let mask = NDArray([true, true, false, true, true, true, true, false], shape: [2, 2, 2])
    let regions = try RegionStatistics.all(in: image, labels: labels, within: mask)
    #expect(regions.map(\.label) == [2, 7] && regions.map(\.mean) == [15, 3.5])
  }

  @Test func phasesAreTakenAroundTheCircle() throws {
    let labels = NDArray<Int32>([1, 1, 1, 2, 2], shape: [5])
    let phases = NDArray<Float>([3.1, -3.1, .pi, 0.5, 0.7], shape: [5])
    let regions = try RegionStatistics.all(in: phases, labels: labels, isPhase: true)
    #expect(abs(abs(regions[0].mean) - .pi) < 1e-6 && abs(regions[1].mean - 0.6) < 1e-7)
    #expect(abs(regions[0].maximum - regions[0].minimum - (2 * .pi - 6.2)) < 1e-6)
    #expect(abs((regions[0].standardDeviation ?? 0) - (.pi - 3.1)) < 1e-6)
    // A wrap more or less changes nothing, and away from wraps it is as for other values.
    let turned = try RegionStatistics.all(in: phases.map { $0 + 2 * .pi }, labels: labels, isPhase: true)
    #expect(
      zip(turned, regions).allSatisfy { abs($0.mean - $1.mean) < 1e-6 || abs(abs($0.mean) - .pi) < 1e-6 })
    let plain = try RegionStatistics.all(in: phases, labels: labels)
    #expect(abs(plain[1].mean - regions[1].mean) < 1e-7 && abs(plain[1].median - regions[1].median) < 1e-7)
  }

  @Test func valuesMustBeFiniteWithinRegions() {
    let everywhere = NDArray<Int32>(repeating: 1, shape: [2, 2, 2])
    #expect(throws: EvaluationError.notFinite(.image, voxels: 2)) {
      try RegionStatistics.all(in: image, labels: everywhere)
    }
  }

  @Test(arguments: [0.5, .nan, 3e9] as [Float]) func labelsAreWholeNumbers(_ value: Float) throws {
    #expect(throws: EvaluationError.self) { try NDArray(labels: NDArray<Float>([1, value], shape: [2])) }
    let labels = try NDArray(labels: NDArray<Float>([-1, 12], shape: [2]))
    #expect(labels == NDArray<Int32>([-1, 12], shape: [2]))
  }
}

struct DeepNucleusTests {
  @Test(
    "A region has one name, however its table writes it",
    arguments: [
      ("substantiaNigraReticulata", "substantia nigra, reticular"), ("SNr", "substantia nigra, reticular"),
      ("Left-Putamen", "left putamen"), ("Pu", "putamen"), ("caudate nucleus", "caudate nucleus"),
      ("Right_Globus_Pallidus_externa", "right external pallidum"), ("GPi", "internal pallidum"),
      ("R RN", "right red nucleus"), ("whiteMatter", "white matter"), ("Hippocampus CA1", "Hippocampus CA1"),
      ("12", "12"), ("<b>", "<b>"), ("", ""),
    ])
  func title(name: String, expected: String) {
    #expect(DeepNucleus.title(of: name) == expected)
  }

  @Test("Every nucleus is known by the name that reports give it")
  func roundTrip() {
    for nucleus in DeepNucleus.allCases { #expect(DeepNucleus(named: nucleus.rawValue) == nucleus) }
    #expect(DeepNucleus(named: "whiteMatter") == nil && DeepNucleus(named: "left") == nil)
  }
}
