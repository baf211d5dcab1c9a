import MRIData
import Numerics
import Synchronization
import Testing

@testable import ChannelCombination
@testable import NDArrays

/// Channels pass through a combination; only as many as there are threads exist at any time.
@Suite(.serialized) struct ChannelStreamTests {
  /// Counts the channels whose memory is in use.
  private final class Census: Sendable {
    private struct Entry: @unchecked Sendable { weak var storage: ArrayStorage<Complex<Float>>? }
    private let state = Mutex<(born: [Entry], unborn: Int, most: Int)>(([], 0, 0))

    /// The largest number of channels that existed at once.
    var most: Int { state.withLock { $0.most } }

    func record(_ make: () -> NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
      state.withLock { state in
        state.unborn += 1
        state.most = max(state.most, state.unborn + state.born.count { $0.storage != nil })
      }
      let images = make()
      state.withLock { state in
        state.unborn -= 1
        state.born.append(Entry(storage: images.storage))
      }
      return images
    }
  }

  private struct Refusal: Error {}

  @Test(arguments: [1, 2, 3, 7]) func atMostOneChannelPerThreadExists(_ threads: Int) throws {
    let simulation = Simulation(matrix: Extents(x: 9, y: 7, z: 2), channels: 64)
    let images = simulation.images
    let census = Census()
    let counted = ChannelImages(
      channels: 64, parameters: images.parameters, geometry: images.geometry
    ) { channel in
      let values = try images.channel(channel)
      return census.record { values.map { $0 } }
    }
    try Parallelism.withThreads(threads) {
      _ = try MDI()(counted)
      _ = try RootSumOfSquares()(counted)
    }
    #expect(census.most <= threads)
    #expect(census.most > 0)
  }

  @Test func resultsDoNotDependOnThreads() throws {
    let images = Simulation(matrix: Extents(x: 13, y: 11, z: 3), channels: 5, sigma: 0.1).images
    let one = try Parallelism.withThreads(1) { try MDI()(images) }
    let three = try Parallelism.withThreads(3) { try MDI()(images) }
    #expect(one.field.voxels == three.field.voxels)
    #expect(one.r2Star.voxels == three.r2Star.voxels)
    #expect(one.echoes.voxels == three.echoes.voxels)
    let adaptive = AdaptiveCombination()
    #expect(
      try Parallelism.withThreads(1) { try adaptive(images) }.voxels
        == Parallelism.withThreads(3) { try adaptive(images) }.voxels)
  }

  @Test func errorsOfAChannelArePassedOn() {
    let simulation = Simulation()
    let broken = ChannelImages(
      channels: 5, parameters: simulation.parameters, geometry: simulation.geometry
    ) { channel in
      if channel == 3 { throw Refusal() }
      return NDArray(repeating: .zero, shape: [8, 1, 3, 5])
    }
    #expect(throws: Refusal.self) { try MDI()(broken) }
    #expect(throws: Refusal.self) { try AdaptiveCombination()(broken) }
  }
}
