import MRIData
import NDArrays
import QSM
import Testing

@Suite struct AutomaticBackgroundTests {
  @Test func choiceFollowsTheNumberOfVoxelsAndIsStated() throws {
    let fine = BackgroundScene(matrix: Extents(x: 83, y: 80, z: 76), voxelSize: [1e-3, 1e-3, 1e-3])
    let inverted = try AutomaticBackground()(fine.total, mask: fine.mask)
    #expect(try #require(inverted.choice).contains("total field inversion"))
    #expect(inverted.field.voxels == (try TFI()(fine.total, mask: fine.mask)).field.voxels)
    let coarse = BackgroundScene(matrix: Extents(x: 41, y: 40, z: 38), voxelSize: [2e-3, 2e-3, 2e-3])
    let projected = try AutomaticBackground()(coarse.total, mask: coarse.mask)
    #expect(try #require(projected.choice).contains("projection"))
    // A rim is lost, and nothing else.
    let (kept, all) = (projected.mask.voxels.elements, coarse.mask.voxels.elements)
    #expect(zip(kept, all).allSatisfy { $0 <= $1 })
    let counts = [kept, all].map { $0.count { $0 != 0 } }
    #expect(counts[0] < counts[1] && counts[0] > counts[1] / 2)
  }

  /// The same object in the same voxels, whatever their unit.
  @Test func choiceDoesNotDependOnTheUnitOfLength() throws {
    let choices = try [1.0, 0.05].map { scale in
      let scene = BackgroundScene(
        matrix: Extents(x: 83, y: 80, z: 40), voxelSize: scale * [1e-3, 1e-3, 2e-3])
      return try AutomaticBackground()(scene.total, mask: scene.mask).choice
    }
    #expect(choices[0] == choices[1])
  }

  @Test func masksWithoutAnInsideAreProjected() throws {
    let scene = BackgroundScene(matrix: Extents(x: 83, y: 80, z: 76), voxelSize: [1e-3, 1e-3, 1e-3])
    var thin = scene.mask.map { _ in UInt8(0) }
    for y in 20..<60 { for x in 8..<75 { thin.voxels[0, 38, y, x] = 1 } }
    let result = try AutomaticBackground()(scene.total, mask: thin)
    #expect(try #require(result.choice).contains("thin"))
    #expect(result.mask.voxels.elements.contains { $0 != 0 })
  }

  @Test func slabsAreWarnedOf() throws {
    let scene = BackgroundScene(matrix: Extents(x: 31, y: 30, z: 21), voxelSize: [2e-3, 2e-3, 3e-3])
    for slices in [1, 3, 4] {
      var slab = scene.mask.map { _ in UInt8(0) }
      for z in 9..<9 + slices { for y in 8..<22 { for x in 8..<23 { slab.voxels[0, z, y, x] = 1 } } }
      let results = [
        try AutomaticBackground()(scene.total, mask: slab), try PDF()(scene.total, mask: slab),
      ]
      for result in results {
        #expect(result.warnings.contains { $0.contains("thick along z") } == (slices < 4), "\(slices)")
      }
    }
    #expect(try AutomaticBackground()(scene.total, mask: scene.mask).warnings.isEmpty)
  }

  /// Voxels at the border that are known to be wrong do not draw the background to themselves.
  @Test func noiseWeighsTheProjection() throws {
    let scene = BackgroundScene(matrix: Extents(x: 41, y: 40, z: 28), voxelSize: [2e-3, 2e-3, 3e-3])
    var field = scene.total, noise = scene.total.map { _ in Float(0.5) }
    let mask = scene.mask.voxels.elements
    for voxel in mask.indices where mask[voxel] != 0 && mask[voxel - 1] == 0 && voxel % 7 == 0 {
      field.voxels.withUnsafeMutableBufferPointer { $0[voxel] += 300 }
      noise.voxels.withUnsafeMutableBufferPointer { $0[voxel] = 500 }
    }
    let weighted = try AutomaticBackground()(field, mask: scene.mask, noise: noise)
    let trusting = try AutomaticBackground()(field, mask: scene.mask)
    let errors = [weighted, trusting].map { scene.difference($0.field, scene.local, in: $0.mask) }
    #expect(errors[0] < 0.5 * errors[1])
    let other = BackgroundScene(matrix: Extents(x: 9, y: 8, z: 7), voxelSize: [1e-3, 1e-3, 1e-3])
    #expect(
      throws: QSMError.gridMismatch(
        name: "field noise", Extents(x: 9, y: 8, z: 7), field: Extents(x: 41, y: 40, z: 28))
    ) { try PDF()(field, mask: scene.mask, noise: other.total) }
  }
}
