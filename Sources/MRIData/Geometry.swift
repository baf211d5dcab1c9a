/// Where a grid of voxels lies in the patient.
///
/// Positions and directions are in the patient's coordinates as raw data hold them: `+x` to the left, `+y` to
/// the back, `+z` to the head (LPS), lengths in metres. Voxel index `n / 2` of each axis, the origin of the
/// Fourier transform, lies at ``center``.
public struct Geometry: Sendable, Equatable {
  /// The number of voxels along each axis.
  public var matrix: Extents
  /// The distance of neighbouring voxels along `x`, `y` and `z` [m].
  public var voxelSize: SIMD3<Double>
  /// The position of voxel `n / 2` [m], LPS.
  public var center: SIMD3<Double>
  /// The direction in which `x` (the readout) grows, LPS, unit length.
  public var readDirection: SIMD3<Double>
  /// The direction in which `y` (the first phase encoding) grows, LPS, unit length.
  public var phaseDirection: SIMD3<Double>
  /// The direction in which `z` (the second phase encoding, or the slices) grows, LPS, unit length.
  public var sliceDirection: SIMD3<Double>

  /// Creates a geometry; without directions, the axes are the patient's.
  public init(
    matrix: Extents, voxelSize: SIMD3<Double>, center: SIMD3<Double> = .zero,
    readDirection: SIMD3<Double> = [1, 0, 0], phaseDirection: SIMD3<Double> = [0, 1, 0],
    sliceDirection: SIMD3<Double> = [0, 0, 1]
  ) {
    self.matrix = matrix
    self.voxelSize = voxelSize
    self.center = center
    self.readDirection = readDirection
    self.phaseDirection = phaseDirection
    self.sliceDirection = sliceDirection
  }
}

extension Geometry {
  /// The extent of the grid [m].
  public var fieldOfView: SIMD3<Double> {
    voxelSize * [Double(matrix.x), Double(matrix.y), Double(matrix.z)]
  }

  /// The direction of the static field along the voxel axes `x`, `y`, `z`; unit length.
  ///
  /// The field lies along the patient's long axis. Voxel sizes do not enter: this is a direction, and the
  /// inverse of an affine that holds voxel sizes would tilt it.
  public var fieldDirection: SIMD3<Double> {
    [readDirection.z, phaseDirection.z, sliceDirection.z]
  }

  /// The position of a voxel [m], LPS; indices may be fractional.
  public func position(ofVoxel index: SIMD3<Double>) -> SIMD3<Double> {
    let offset = (index - [Double(matrix.x / 2), Double(matrix.y / 2), Double(matrix.z / 2)]) * voxelSize
    return center + offset.x * readDirection + offset.y * phaseDirection + offset.z * sliceDirection
  }

  /// The geometry of the central part of the grid; voxel `n / 2` stays where it is.
  ///
  /// - Precondition: No extent is larger than this grid's.
  public func cropped(to matrix: Extents) -> Geometry {
    precondition(
      matrix.x <= self.matrix.x && matrix.y <= self.matrix.y && matrix.z <= self.matrix.z,
      "cannot crop \(self.matrix) to \(matrix)")
    var result = self
    result.matrix = matrix
    return result
  }
}
