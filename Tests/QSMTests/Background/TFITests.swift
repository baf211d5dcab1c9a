import MRIData
import NDArrays
import TestSupport
import Testing

@testable import QSM

@Suite struct TFITests {
  private let scene = BackgroundScene(matrix: Extents(x: 82, y: 76, z: 37), voxelSize: [1e-3, 1e-3, 2e-3])

  private func error(_ result: LocalField, in mask: ImageVolumes<UInt8>) -> Double {
    scene.difference(result.field, scene.local, in: mask) / scene.norm(scene.local, in: mask)
  }

  /// What the method is for: less of the local field is taken for background, where all methods know it.
  @Test func keepsMoreOfTheLocalFieldThanTheOthers() throws {
    let inverted = try TFI()(scene.total, mask: scene.mask)
    for other: any BackgroundRemoval in [VSHARP(), PDF(), LBV(), RESHARP(), ISMV()] {
      let removed = try other(scene.total, mask: scene.mask)
      let common = ImageVolumes(
        inverted.mask[0].combined(with: removed.mask[0]) { min($0, $1) }, geometry: scene.mask.geometry)
      #expect(error(inverted, in: common) < 0.8 * error(removed, in: common), "\(other.configuration)")
    }
  }

  /// Voxels at the border may be far off, be that known or not: less of it gets inside than through a harmonic field.
  @Test(arguments: [true, false]) func wrongVoxelsAtTheBorderMatterLess(_ isKnown: Bool) throws {
    var field = scene.total, noise = scene.total.map { _ in Float(0.05) }
    let mask = scene.mask.voxels.elements, row = scene.matrix.x
    for voxel in mask.indices where mask[voxel] != 0 && mask[voxel - row] == 0 && voxel % 5 == 0 {
      field.voxels.withUnsafeMutableBufferPointer { $0[voxel] += 20 }
      noise.voxels.withUnsafeMutableBufferPointer { $0[voxel] = 20 }
    }
    let result = try TFI()(field, mask: scene.mask, noise: isKnown ? noise : nil)
    let spread = try LBV()(field, mask: scene.mask)
    #expect(error(result, in: result.mask) < 0.5 * error(spread, in: spread.mask))
  }

  @Test func aFieldWithoutSourcesInsideIsAllBackground() throws {
    let flat = try TFI()(scene.total.map { _ in 12 }, mask: scene.mask)
    #expect(flat.field.voxels.elements.allSatisfy { abs($0) < 1e-3 })
  }

  /// As one that another tool has filtered: what a harmonic function would take of it stays.
  @Test func aFieldWithoutBackgroundStaysNearerToItself() throws {
    let kept = try TFI()(scene.local, mask: scene.mask), taken = try LBV()(scene.local, mask: scene.mask)
    #expect(error(kept, in: kept.mask) < 0.5 * error(taken, in: taken.mask))
    #expect(kept.choice?.contains("no background") == true)
    #expect(try TFI()(scene.total, mask: scene.mask).choice == nil)
  }

  @Test func voxelsAreJoinedWhileTheyStayShorterThanTheLongestOrSmall() throws {
    func coarsening(
      _ size: SIMD3<Double>, _ matrix: Extents = Extents(x: 32, y: 24, z: 12)
    ) throws -> (WorkingGrid, Coarsening) {
      let scene = BackgroundScene(matrix: matrix, voxelSize: size)
      let grid = try WorkingGrid(field: scene.total, mask: scene.mask, region: .wholeGrid)
      return (grid, Coarsening(of: grid))
    }
    #expect(try coarsening([1e-3, 1e-3, 2e-3]).1.factors == Extents(x: 1, y: 1, z: 1))
    #expect(try coarsening([2.1e-3, 1e-3, 0.5e-3]).1.factors == Extents(x: 1, y: 2, z: 4))
    #expect(
      try coarsening([1e-3, 1e-3, 1e-3], Extents(x: 200, y: 8, z: 8)).1.factors == Extents(x: 2, y: 2, z: 2))
    #expect(
      try coarsening([1e-3, 1e-3, 1e-3], Extents(x: 190, y: 8, z: 8)).1.factors == Extents(x: 1, y: 1, z: 1))
    let (grid, coarse) = try coarsening([0.8e-3, 0.8e-3, 2e-3])
    #expect(coarse.factors == Extents(x: 2, y: 2, z: 1))
    #expect(coarse.matrix == Extents(x: 16, y: 12, z: 12))
    for (side, expected) in [(coarse.voxelSize.x, 1.6), (coarse.voxelSize.y, 1.6), (coarse.voxelSize.z, 2)] {
      #expect(abs(side - expected) < 1e-9)
    }
    let means = coarse.means(of: grid.load(scene(on: grid)))
    #expect(relativeError(coarse.means(of: coarse.spread(means)), means) < 1e-6)
    let first = grid.load(scene(on: grid)),
      mean = (first[4, 6, 8] + first[4, 6, 9] + first[4, 7, 8] + first[4, 7, 9]) / 4
    #expect(abs(means[4, 3, 4] - mean) < 1e-4 * abs(mean))
  }

  private func scene(on grid: WorkingGrid) -> ImageVolumes<Float> {
    BackgroundScene(matrix: Extents(x: 32, y: 24, z: 12), voxelSize: [0.8e-3, 0.8e-3, 2e-3]).total
  }
}
