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
