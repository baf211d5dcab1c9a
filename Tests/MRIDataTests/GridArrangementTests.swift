import MRIData
import NDArrays
import Testing

struct GridArrangementTests {
  private let grid: Geometry = {
    var geometry = Geometry(matrix: Extents(x: 3, y: 4, z: 5), voxelSize: [1e-3, 2e-3, 3e-3])
    geometry.center = [0.01, -0.02, 0.03]
    geometry.readDirection = [0.8, 0.6, 0]
    geometry.phaseDirection = [-0.6, 0.8, 0]
    return geometry
  }()

  /// The grid with its axes in another order and some of them reversed, at the same places.
  private func rearranged(_ axes: [Int], _ isReversed: [Bool], of grid: Geometry) -> Geometry {
    let directions = [grid.readDirection, grid.phaseDirection, grid.sliceDirection]
    let extents = [grid.matrix.x, grid.matrix.y, grid.matrix.z]
    var first = SIMD3<Double>.zero, center = SIMD3<Double>.zero
    for axis in 0..<3 { first[axes[axis]] = isReversed[axis] ? Double(extents[axes[axis]] - 1) : 0 }
    for axis in 0..<3 {
      let half = Double(extents[axes[axis]] / 2)
      center[axes[axis]] = isReversed[axis] ? first[axes[axis]] - half : half
    }
    var result = grid
    result.matrix = Extents(x: extents[axes[0]], y: extents[axes[1]], z: extents[axes[2]])
    result.voxelSize = [grid.voxelSize[axes[0]], grid.voxelSize[axes[1]], grid.voxelSize[axes[2]]]
    let turned = (0..<3).map { directions[axes[$0]] * (isReversed[$0] ? -1 : 1) }
    (result.readDirection, result.phaseDirection, result.sliceDirection) = (turned[0], turned[1], turned[2])
    result.center = grid.position(ofVoxel: center)
    return result
  }

  @Test(arguments: [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
  func `Every order and direction of axes is put straight, voxel by voxel`(_ axes: [Int]) throws {
    for flips in 0..<8 {
      let isReversed = (0..<3).map { flips >> $0 & 1 == 1 }
      let other = rearranged(axes, isReversed, of: grid)
      // Each voxel holds where it is.
      let values = NDArray<Float>(
        (0..<other.matrix.count).map { index in
          let x = index % other.matrix.x, y = index / other.matrix.x % other.matrix.y
          let place = other.position(
            ofVoxel: [Double(x), Double(y), Double(index / (other.matrix.x * other.matrix.y))])
          return Float(place.x + 10 * place.y + 100 * place.z)
        }, shape: other.matrix.shape)
      let arrangement = try #require(other.arrangement(on: grid))
      #expect(arrangement.isIdentity == (axes == [0, 1, 2] && flips == 0))
      let straight = ImageVolumes(values, geometry: other).arranged(by: arrangement, on: grid)
      for z in 0..<5 {
        for y in 0..<4 {
          for x in 0..<3 {
            let place = grid.position(ofVoxel: [Double(x), Double(y), Double(z)])
            #expect(abs(straight.voxels[0, z, y, x] - Float(place.x + 10 * place.y + 100 * place.z)) < 1e-5)
          }
        }
      }
    }
  }

  @Test func `Grids elsewhere, of other voxels, extents or angles have no arrangement`() {
    var moved = grid, larger = grid, finer = grid, tilted = grid
    moved.center.x += 0.1e-3
    larger.matrix.z = 6
    finer.voxelSize.y = 1.9e-3
    tilted.readDirection = [1, 0, 0]
    tilted.phaseDirection = [0, 1, 0]
    for other in [moved, larger, finer, tilted] { #expect(other.arrangement(on: grid) == nil) }
    // What headers round away is no distance.
    moved.center.x = grid.center.x + 1e-6
    #expect(moved.arrangement(on: grid)?.isIdentity == true)
  }
}
