import Foundation
import MRIData
import NDArrays
import Numerics

/// Geometries and volumes that the tests of this target share.
enum Scans {
  /// Uneven extents: odd, even and prime.
  static let matrix = Extents(x: 7, y: 6, z: 5)

  /// Axes in all six orders, with all eight choices of sign: half of them are left-handed.
  static let signedPermutations: [Geometry] = {
    let unit: [SIMD3<Double>] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    return orders.flatMap { order in
      (0..<8).map { signs in
        let axes = (0..<3).map { unit[order[$0]] * (signs >> $0 & 1 == 0 ? 1.0 : -1.0) }
        return geometry(axes)
      }
    }
  }()

  /// Double-oblique scans near the axial, sagittal and coronal planes; the second of each pair is left-handed.
  static let obliques: [Geometry] = {
    let planes: [[SIMD3<Double>]] = [
      [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 1, 0], [0, 0, -1], [-1, 0, 0]],
      [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
    ]
    return planes.flatMap { plane in
      [1.0, -1.0].map { handedness in
        let turned = plane.map { turn(turn($0, by: 0.35, from: 1, to: 2), by: -0.6, from: 0, to: 2) }
        return geometry([turned[0], turned[1], turned[2] * handedness])
      }
    }
  }()

  static func geometry(_ axes: [SIMD3<Double>], matrix: Extents = matrix) -> Geometry {
    Geometry(
      matrix: matrix, voxelSize: [0.0008, 0.0011, 0.0025], center: [0.0123, -0.0457, 0.0891],
      readDirection: axes[0],
      phaseDirection: axes[1], sliceDirection: axes[2])
  }

  private static func turn(_ v: SIMD3<Double>, by angle: Double, from a: Int, to b: Int) -> SIMD3<Double> {
    var result = v
    result[a] = Double.cos(angle) * v[a] - Double.sin(angle) * v[b]
    result[b] = Double.sin(angle) * v[a] + Double.cos(angle) * v[b]
    return result
  }

  /// Volumes whose values are their offsets.
  static func counting(_ geometry: Geometry, volumes: Int = 1) -> ImageVolumes<Float> {
    let shape = [volumes] + geometry.matrix.shape
    return ImageVolumes(NDArray((0..<shape.reduce(1, *)).map { Float($0) }, shape: shape), geometry: geometry)
  }

  /// What Python needs to compute a voxel's position by itself.
  struct Definition: Codable {
    let path: String, matrix: [Int], voxelSize, center, read, phase, slice, fieldDirection: [Double]

    init(_ geometry: Geometry, path: String) {
      func list(_ v: SIMD3<Double>) -> [Double] { [v.x, v.y, v.z] }
      self.path = path
      matrix = [geometry.matrix.x, geometry.matrix.y, geometry.matrix.z]
      voxelSize = list(geometry.voxelSize)
      center = list(geometry.center)
      read = list(geometry.readDirection)
      phase = list(geometry.phaseDirection)
      slice = list(geometry.sliceDirection)
      fieldDirection = list(geometry.fieldDirection)
    }
  }
}
