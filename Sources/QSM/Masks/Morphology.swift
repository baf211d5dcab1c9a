import MRIData
import NDArrays

/// Growing, shrinking and cleaning of masks, with lengths in metres whatever the shape of the voxels.
///
/// What lies beyond the volume is unknown: it neither eats into a mask nor grows into it.
public struct Morphology: Sendable {
  /// The voxel size along `x`, `y`, `z` [m].
  public let voxelSize: SIMD3<Double>

  /// Creates the operations for a voxel size [m].
  public init(voxelSize: SIMD3<Double>) { self.voxelSize = voxelSize }

  /// The voxels that lie farther than a radius [m] from everything outside.
  public func eroded(_ mask: NDArray<Bool>, by radius: Double) -> NDArray<Bool> {
    radius > 0 ? distances(to: mask.map { !$0 }).map { $0 > square(radius) } : mask
  }

  /// The voxels within a radius [m] of the mask.
  public func dilated(_ mask: NDArray<Bool>, by radius: Double) -> NDArray<Bool> {
    radius > 0 ? distances(to: mask).map { $0 <= square(radius) } : mask
  }

  /// The mask without what is thinner than twice a radius [m].
  public func opened(_ mask: NDArray<Bool>, by radius: Double) -> NDArray<Bool> {
    dilated(eroded(mask, by: radius), by: radius)
  }

  /// The mask with gaps filled that are narrower than twice a radius [m].
  public func closed(_ mask: NDArray<Bool>, by radius: Double) -> NDArray<Bool> {
    eroded(dilated(mask, by: radius), by: radius)
  }

  /// The largest part of the mask that is connected by faces of voxels.
  public func largestPart(of mask: NDArray<Bool>) -> NDArray<Bool> {
    let parts = ConnectedParts(mask)
    guard let largest = parts.sizes.indices.max(by: { parts.sizes[$0] < parts.sizes[$1] }) else {
      return mask
    }
    return parts.labels.map { $0 == Int32(largest + 1) }
  }

  /// The parts of the mask, connected by faces, that have at least so many voxels.
  public func parts(of mask: NDArray<Bool>, ofAtLeast voxels: Int) -> NDArray<Bool> {
    let parts = ConnectedParts(mask)
    return parts.labels.map { $0 > 0 && parts.sizes[Int($0) - 1] >= voxels }
  }

  /// The mask with everything that the end of the volume cannot be reached from.
  public func withHolesFilled(_ mask: NDArray<Bool>) -> NDArray<Bool> {
    let parts = ConnectedParts(mask.map { !$0 })
    let (depth, height, width) = (mask.shape[0], mask.shape[1], mask.shape[2])
    var isOpen = [Bool](repeating: false, count: parts.sizes.count + 1)
    parts.labels.withUnsafeBufferPointer { labels in
      for z in 0..<depth {
        for y in 0..<height {
          let row = (z * height + y) * width
          // An axis of one voxel has no ends: a slice's holes are those of a picture.
          let isEnd =
            (height > 1 && (y == 0 || y == height - 1)) || (depth > 1 && (z == 0 || z == depth - 1))
          for x in 0..<width where isEnd || (width > 1 && (x == 0 || x == width - 1)) {
            isOpen[Int(labels[row + x])] = true
          }
        }
      }
    }
    return parts.labels.map { $0 == 0 || !isOpen[Int($0)] }
  }

  /// The number of parts of the mask that faces of voxels do not connect.
  public func partCount(of mask: NDArray<Bool>) -> Int { ConnectedParts(mask).sizes.count }

  private func distances(to mask: NDArray<Bool>) -> NDArray<Float> {
    EuclideanDistance(voxelSize: voxelSize).squares(to: mask)
  }

  // A voxel exactly at the radius belongs to the ball, whatever rounding says.
  private func square(_ radius: Double) -> Float { Float(radius * radius * (1 + 1e-6)) }
}

/// The parts of a mask that faces of voxels connect.
struct ConnectedParts {
  /// The number of each voxel's part, from 1; 0 outside.
  private(set) var labels: NDArray<Int32>
  /// The number of voxels of each part.
  private(set) var sizes: [Int] = []

  init(_ mask: NDArray<Bool>) {
    precondition(mask.shape.count == 3, "a mask of shape \(mask.shape) is no volume")
    let (height, width) = (mask.shape[1], mask.shape[2]), count = mask.count
    let slice = width * height
    labels = NDArray(repeating: 0, shape: mask.shape)
    var sizes: [Int] = [], waiting: [Int] = []
    labels.withUnsafeMutableBufferPointer { labels in
      mask.withUnsafeBufferPointer { mask in
        for start in 0..<count where mask[start] && labels[start] == 0 {
          let label = Int32(sizes.count + 1)
          var size = 0
          labels[start] = label
          waiting.append(start)
          while let voxel = waiting.popLast() {
            size += 1
            let x = voxel % width, y = voxel / width % height
            func visit(_ other: Int) {
              guard mask[other], labels[other] == 0 else { return }
              labels[other] = label
              waiting.append(other)
            }
            if x > 0 { visit(voxel - 1) }
            if x + 1 < width { visit(voxel + 1) }
            if y > 0 { visit(voxel - width) }
            if y + 1 < height { visit(voxel + width) }
            if voxel >= slice { visit(voxel - slice) }
            if voxel + slice < count { visit(voxel + slice) }
          }
          sizes.append(size)
        }
      }
    }
    self.sizes = sizes
  }
}
