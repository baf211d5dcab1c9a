import MRIData
import NDArrays
import Numerics
import PhaseUnwrapping

/// What of a volume gives signal.
struct VisibleObject {
  /// Whether a voxel gives signal.
  let isBright: NDArray<Bool>
  /// The volume of it [m^3].
  let volume: Double
  /// Whether most of the volume's faces lie within the object.
  let fillsVolume: Bool
  /// Whether the volume is a slice, too thin for a surface in it.
  let isThin: Bool

  /// The radius of a ball of the object's volume [m].
  var radius: Double { Double.pow(volume * 0.75 / .pi, 1.0 / 3) }
  /// Whether it has the size of a human head.
  var isHumanHead: Bool { (55e-3...120e-3).contains(radius) }
  /// What a length in a human head is in this object, as a part: one, unless the object is no human head.
  var unit: Double { isHumanHead ? 1 : radius / 80e-3 }

  init(_ magnitude: ImageVolumes<Float>) {
    let image = magnitude[0], limit = RobustThreshold(image).value, size = magnitude.geometry.voxelSize
    isBright = image.map { $0 > limit }
    volume = isBright.withUnsafeBufferPointer { Double($0.count { $0 }) } * size.x * size.y * size.z
    let faces = isBright.faces, matrix = magnitude.geometry.matrix
    fillsVolume = 2 * faces.inside > faces.all
    // A slab of a head has no more than a slab's volume: what is thin is measured by its width.
    let sides = [0, 1, 2].map { Double(matrix[$0]) * size[$0] }.sorted()
    isThin = sides[0] < 0.07 * sides[1]
  }
}

extension NDArray<Bool> {
  /// The number of voxels on the faces of a volume, and of those that are set; faces of axes with one voxel do not count.
  var faces: (inside: Int, all: Int) {
    let (depth, height, width) = (shape[0], shape[1], shape[2])
    var result = (inside: 0, all: 0)
    withUnsafeBufferPointer { values in
      for (axis, (step, extent)) in [(1, width), (width, height), (width * height, depth)].enumerated()
      where extent > 1 {
        for index in values.indices {
          let place = index / step % extent
          guard place == 0 || place == extent - 1 else { continue }
          // An edge belongs to the first axis that has it.
          if axis > 0, width > 1, index % width == 0 || index % width == width - 1 { continue }
          if axis > 1, height > 1, index / width % height == 0 || index / width % height == height - 1 {
            continue
          }
          result.all += 1
          result.inside += values[index] ? 1 : 0
        }
      }
    }
    return result
  }

  /// What is set in both.
  static func && (left: NDArray<Bool>, right: NDArray<Bool>) -> NDArray<Bool> {
    left.combined(with: right) { $0 && $1 }
  }

  /// What is set in one of both.
  static func || (left: NDArray<Bool>, right: NDArray<Bool>) -> NDArray<Bool> {
    left.combined(with: right) { $0 || $1 }
  }

  /// What is not set.
  static prefix func ! (mask: NDArray<Bool>) -> NDArray<Bool> { mask.map { !$0 } }
}
