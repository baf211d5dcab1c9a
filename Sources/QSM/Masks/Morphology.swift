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
  ///
  /// Along an axis of a single voxel the volume has no end.
  public func withHolesFilled(_ mask: NDArray<Bool>) -> NDArray<Bool> {
    let parts = ConnectedParts(mask.map { !$0 })
    let (depth, height, width) = (mask.shape[0], mask.shape[1], mask.shape[2])
    func isEnd(_ index: Int, of extent: Int) -> Bool { extent > 1 && (index == 0 || index == extent - 1) }
    var isOpen = [Bool](repeating: false, count: parts.sizes.count + 1)
    parts.labels.withUnsafeBufferPointer { labels in
      for z in 0..<depth {
        for y in 0..<height {
          let row = (z * height + y) * width
          let isRowAtEnd = isEnd(y, of: height) || isEnd(z, of: depth)
          for x in 0..<width where isRowAtEnd || isEnd(x, of: width) {
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
