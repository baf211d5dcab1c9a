import Foundation
import MRIData
import NDArrays
import TestSupport
import Testing

@testable import Study

@Suite struct RigidMotionTests {
  private static let grid = Geometry(
    matrix: Extents(x: 33, y: 40, z: 27), voxelSize: [3e-3, 2.5e-3, 4e-3], center: [4e-3, -7e-3, 2e-3])

  /// A turn about an oblique axis by Rodrigues' formula, and a shift.
  private static func motion(angle: Double) -> RigidMotion {
    let axis = SIMD3<Double>(2, -1, 2) / 3
    let s: Double = sin(angle), c: Double = cos(angle)
    let cross: [SIMD3<Double>] = [[0, -axis.z, axis.y], [axis.z, 0, -axis.x], [-axis.y, axis.x, 0]]
    let rows = (0..<3).map { row in
      var unit = SIMD3<Double>.zero
      unit[row] = 1
      let along: SIMD3<Double> = axis * (axis[row] * (1 - c))
      return unit * c + cross[row] * s + along
    }
    return RigidMotion(rotation: rows, translation: [5e-3, -4e-3, 3e-3], center: [4e-3, -7e-3, 2e-3])
  }

  /// Blobs of several sizes without any symmetry, at positions [m].
  private static func blobs(on grid: Geometry, at place: (SIMD3<Double>) -> SIMD3<Double> = { $0 })
    -> ImageVolumes<Float>
  {
    let blobs: [(SIMD3<Double>, Double, Double)] = [
      ([0, -5e-3, 0], 26e-3, 1), ([15e-3, 10e-3, 8e-3], 8e-3, 0.8), ([-12e-3, -22e-3, 14e-3], 7e-3, -0.5),
      ([6e-3, 14e-3, -18e-3], 9e-3, 0.6),
    ]
    let matrix = grid.matrix
    var values: [Float] = []
    for z in 0..<matrix.z {
      for y in 0..<matrix.y {
        for x in 0..<matrix.x {
          let point = place(grid.position(ofVoxel: [Double(x), Double(y), Double(z)]))
          var sum = 0.0
          for (center, width, height) in blobs {
            let offset: SIMD3<Double> = point - center
            let distance: Double = (offset * offset).sum()
            sum += height * exp(-distance / (width * width))
          }
          values.append(Float(sum))
        }
      }
    }
    return ImageVolumes(NDArray(values, shape: matrix.shape), geometry: grid)
  }

  @Test func `A motion and its inverse cancel, and its angle is what it turned by`() {
    let motion = Self.motion(angle: 0.3), point = SIMD3<Double>(0.05, -0.02, 0.08)
    let back = motion.inverse(motion(point)) - point
    #expect((back * back).sum() < 1e-24)
    #expect(abs(motion.angle - 0.3) < 1e-12)
    #expect(abs(motion.distance - 50e-6.squareRoot()) < 1e-12)
  }

  @Test func `No motion changes no bit, and whole voxels shift without interpolation`() {
    let image = Self.blobs(on: Self.grid)
    let still = RigidMotion(
      rotation: [[1, 0, 0], [0, 1, 0], [0, 0, 1]], translation: .zero, center: .zero)
    let same = image.moved(by: still, onto: Self.grid)
    #expect(same.voxels.shape == image.voxels.shape)
    // Positions are computed: the last bits of a fraction of a voxel stay.
    #expect(zip(same.voxels.elements, image.voxels.elements).allSatisfy { abs($0 - $1) < 1e-6 })
    var shift = still
    shift.translation = [6e-3, 0, -4e-3]
    let moved = image.moved(by: shift, onto: Self.grid)[0], source = image[0]
    #expect(abs(moved[10, 20, 12] - source[9, 20, 14]) < 1e-6)
    let nearest = image.moved(by: shift, onto: Self.grid, nearest: true)[0]
    #expect(nearest[10, 20, 12] == source[9, 20, 14] && nearest[0, 20, 12] == 0)
  }

  @Test func `Interpolation follows the motion, onto another grid as well`() {
    let motion = Self.motion(angle: 0.1)
    var other = Self.grid
    other.voxelSize = [2e-3, 3e-3, 3e-3]
    let moved = Self.blobs(on: Self.grid).moved(by: motion, onto: other)[0]
    let expected = Self.blobs(on: other) { motion($0) }[0]
    for (z, y, x) in [(13, 20, 16), (10, 25, 20), (17, 14, 12)] {
      #expect(abs(moved[z, y, x] - expected[z, y, x]) < 5e-3)
    }
  }

  @Test func `A field near its wrap is interpolated around the circle`() {
    let ones = ImageVolumes(NDArray<Float>(repeating: 1, shape: Self.grid.matrix.shape), geometry: Self.grid)
    var images = CellImages(magnitude: ones)
    let values = (0..<Self.grid.matrix.count).map { $0.isMultiple(of: 2) ? Float(99) : -99 }
    images.field = ImageVolumes(NDArray(values, shape: Self.grid.matrix.shape), geometry: Self.grid)
    images.fieldPeriod = 200
    var half = Self.motion(angle: 0)
    half.translation = [1.5e-3, 0, 0]
    let field = images.moved(by: half, onto: Self.grid).field?[0]
    #expect(abs(abs(field?[13, 20, 16] ?? 0) - 100) < 0.1)
  }

  @Test(.enabled(if: Elastix() != nil, "elastix is not installed"))
  func `elastix finds the motion, in our own coordinates`() throws {
    let tool = try #require(Elastix()), motion = Self.motion(angle: 0.12)
    let fixed = Self.blobs(on: Self.grid), moving = Self.blobs(on: Self.grid) { motion.inverse($0) }
    let found = try tool.motion(from: fixed, to: moving)
    let points: [SIMD3<Double>] = [.zero, [30e-3, 20e-3, -20e-3], [-30e-3, 10e-3, 30e-3]]
    for point in points {
      let error = found(point) - motion(point)
      #expect((error * error).sum().squareRoot() < 1e-3, "\(error) at \(point)")
    }
    #expect(try tool.motion(from: fixed, to: moving) == found)
  }
}
