import NDArrays

/// One or more volumes on the same grid: echoes, or a single map.
public struct ImageVolumes<Element: ArrayElement>: Sendable {
  /// The voxels, axes `[volume, z, y, x]`.
  public var voxels: NDArray<Element>
  /// Where the voxels lie in the patient.
  public var geometry: Geometry

  /// Creates volumes; an array `[z, y, x]` is taken as a single volume.
  ///
  /// - Precondition: The array's last three axes are the geometry's matrix.
  public init(_ voxels: NDArray<Element>, geometry: Geometry) {
    let axes = voxels.shape.count
    precondition(
      (axes == 3 || axes == 4) && Array(voxels.shape[(axes - 3)...]) == geometry.matrix.shape,
      "voxels of shape \(voxels.shape) are not volumes of \(geometry.matrix)")
    self.voxels = axes == 4 ? voxels : voxels.reshaped(to: [1] + voxels.shape)
    self.geometry = geometry
  }

  /// The number of volumes.
  public var count: Int { voxels.shape[0] }

  /// Volumes on the same grid whose voxels are computed one by one.
  public func map<Other>(_ transform: (Element) -> Other) -> ImageVolumes<Other> {
    ImageVolumes<Other>(voxels.map(transform), geometry: geometry)
  }

  /// One of the volumes, axes `[z, y, x]`.
  public subscript(index: Int) -> NDArray<Element> { voxels.part(at: index) }
}
