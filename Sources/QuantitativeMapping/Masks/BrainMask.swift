import MRIData
import NDArrays
import QSM

/// Where susceptibility is mapped: which voxels, where they lie, and how they were chosen.
public struct BrainMask: Sendable {
  /// Whether each voxel is inside, axes `[z, y, x]`.
  public var isInside: NDArray<Bool>
  /// Where the voxels lie.
  public var geometry: Geometry
  /// How the voxels were chosen, in words: `given`, or the method.
  public var origin: String
  /// What was done to bring it here, for the user; `nil` for nothing.
  public var remark: String?

  /// Creates a mask.
  ///
  /// - Precondition: There is one flag for each voxel of the geometry.
  public init(_ isInside: NDArray<Bool>, geometry: Geometry, origin: String = "given") {
    precondition(
      isInside.shape == geometry.matrix.shape, "flags of shape \(isInside.shape) for \(geometry.matrix)")
    self.isInside = isInside
    self.geometry = geometry
    self.origin = origin
  }

  /// Takes what is above one half for inside, as masks of ones and of fractions have it.
  public init(_ volume: ImageVolumes<Float>, origin: String = "given") {
    self.init(
      volume[0].map { $0.isFinite && $0 > 0.5 }, geometry: volume.geometry, origin: origin)
  }

  /// Takes what is not zero for inside.
  public init(_ volume: ImageVolumes<UInt8>, origin: String) {
    self.init(volume[0].map { $0 != 0 }, geometry: volume.geometry, origin: origin)
  }

  /// The mask as zeros and ones.
  public var volume: ImageVolumes<UInt8> {
    ImageVolumes(isInside.map { $0 ? 1 : 0 }, geometry: geometry)
  }

  /// The number of voxels inside.
  public var count: Int { isInside.withUnsafeBufferPointer { $0.count { $0 } } }

  /// Whether no voxel is inside.
  public var isEmpty: Bool { isInside.withUnsafeBufferPointer { !$0.contains(true) } }

  /// The volume [m^3].
  public var size: Double {
    Double(count) * geometry.voxelSize.x * geometry.voxelSize.y * geometry.voxelSize.z
  }

  /// The mask without what is nearer than a distance [m] to its outside.
  public func eroded(by distance: Double) -> BrainMask {
    guard distance > 0 else { return self }
    var result = self
    result.isInside = Morphology(voxelSize: geometry.voxelSize).eroded(isInside, by: distance)
    return result
  }

  /// The number of parts that do not touch.
  public var parts: Int { Morphology(voxelSize: geometry.voxelSize).partCount(of: isInside) }
}
