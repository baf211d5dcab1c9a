import FourierTransforms
import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@testable import Phantoms

@Suite("Grids")
struct GridTests {
  private func linear(_ geometry: Geometry) -> NDArray<Float> {
    NDArray(over: geometry) { _, p in Float(1 + 2 * p.x - 3 * p.y + 5 * p.z) }
  }

  @Test(
    "A linear map has the same values on both grids, away from the edges",
    arguments: [Extents(x: 8, y: 9, z: 6), Extents(x: 7, y: 4, z: 5)])
  func linearMaps(matrix: Extents) {
    let coarse = Geometry(matrix: matrix, voxelSize: [1, 2, 3])
    let fine = coarse.halvingVoxels
    let means = GridTransfer.voxelMeans(linear(fine))
    let centres = GridTransfer.centres(linear(fine))
    var interpolated = NDArray<Float>(repeating: 0, shape: fine.matrix.shape)
    GridTransfer.addInterpolated(linear(coarse), to: &interpolated)
    for z in 1..<matrix.z - 1 {
      for y in 1..<matrix.y - 1 {
        for x in 1..<matrix.x - 1 {
          let expected = linear(coarse)[z, y, x]
          #expect(abs(means[z, y, x] - expected) < 1e-4)
          #expect(centres[z, y, x] == expected)
          let (fz, fy, fx) = (
            GridTransfer.fineIndex(z, extent: matrix.z), GridTransfer.fineIndex(y, extent: matrix.y),
            GridTransfer.fineIndex(x, extent: matrix.x)
          )
          #expect(abs(interpolated[fz, fy, fx] - expected) < 1e-4)
          #expect(abs(interpolated[fz, fy, fx - 1] - linear(fine)[fz, fy, fx - 1]) < 1e-4)
        }
      }
    }
  }

  @Test("Splines reproduce linear functions, at any spacing")
  func splines() {
    let geometry = Geometry(matrix: Extents(x: 9, y: 6, z: 5), voxelSize: [1, 1.5, 2.5])
    let map = SplineMap(halfExtents: geometry.fieldOfView / 2, spacing: 1.7) {
      Complex(1 + $0.x - 2 * $0.y, 0.5 * $0.z)
    }
    for z in 0..<geometry.matrix.z {
      let plane = NDArray<Complex<Float>>(uninitializedShape: [6, 9]) {
        map.evaluate(plane: z, of: geometry, into: $0)
      }
      for y in 0..<6 {
        for x in 0..<9 {
          let p = geometry.offset(ofVoxel: x, y, z)
          #expect(abs(plane[y, x].real - Float(1 + p.x - 2 * p.y)) < 1e-4)
          #expect(abs(plane[y, x].imaginary - Float(0.5 * p.z)) < 1e-4)
        }
      }
    }
  }

  @Test(
    "A channel's k-space is the centre of the fine grid's, for even, odd and single extents",
    arguments: [Extents(x: 8, y: 6, z: 4), Extents(x: 7, y: 5, z: 3), Extents(x: 6, y: 11, z: 1)])
  func croppedTransform(matrix: Extents) {
    let geometry = Geometry(matrix: matrix, voxelSize: [0.01, 0.01, 0.02])
    let fine = geometry.halvingVoxels
    let object = testPattern(fine.matrix.shape)
    let sensitivity = SplineMap(halfExtents: geometry.fieldOfView / 2, spacing: 0.01) {
      Complex(1 + 10 * $0.x, -20 * $0.y * $0.z)
    }
    let measured = NDArray<Complex<Float>>(uninitializedShape: matrix.shape) {
      CroppedTransform(geometry)(object, seenBy: sensitivity, into: $0)
    }
    var expected = object
    let plane = fine.matrix.x * fine.matrix.y
    for z in 0..<fine.matrix.z {
      let seen = NDArray<Complex<Float>>(uninitializedShape: [plane]) {
        sensitivity.evaluate(plane: z, of: fine, into: $0)
      }
      expected.withUnsafeMutableBufferPointer { voxels in
        for voxel in 0..<plane { voxels[z * plane + voxel] *= seen[voxel] }
      }
    }
    FourierTransform(shape: fine.matrix.shape).forward(&expected)
    let central = expected.centralPart(matrix).map { $0 / Complex(Float(8).squareRoot()) }
    #expect(relativeError(measured, central) < 1e-6)
  }
}
