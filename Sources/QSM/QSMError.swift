import MRIData

/// What can go wrong between phase and susceptibility.
public enum QSMError: Error, Equatable {
  /// A volume lies on another grid than the field.
  case gridMismatch(name: String, Extents, field: Extents)
  /// One volume is needed, and there are more, or none.
  case notOneVolume(name: String, count: Int)
  /// No voxel lies in the mask and has a finite field.
  case emptyMask
  /// The geometry's voxel size is not positive along all axes [m].
  case badVoxelSize(SIMD3<Double>)
  /// The direction of the static field along the voxel axes is not a unit vector.
  case badFieldDirection(SIMD3<Double>)
  /// The strength of the static field is not positive [T].
  case badFieldStrength(Double)
  /// No sphere of the smallest radius [m] lies within the mask.
  case maskTooThin(radius: Double)
  /// A sphere's radius is less than the longest side of a voxel [m], so that it is none.
  case sphereTooSmall(radius: Double, side: Double)
  /// No voxel of the reference region lies in the mask.
  case emptyReference
  /// Nothing stands out from the background.
  case noObject(_ origin: String)
  /// Echoes are too few, or not equally spaced, for a fit of the decay [s].
  case notEquallySpaced(_ seconds: [Double])
  /// A network cannot be run, or gives no susceptibility: what is wrong, where, and what to do.
  case network(_ message: String)
}

extension QSMError: CustomStringConvertible {
  /// What is wrong, where, and what to do.
  public var description: String {
    switch self {
    case .gridMismatch(let name, let extents, let field):
      "The \(name) has \(extents) voxels and the field \(field). Resample one of them to the other's grid."
    case .notOneVolume(let name, let count):
      "The \(name) holds \(count) volumes, and one is needed. Choose one of them."
    case .emptyMask:
      "No voxel lies in the mask and has a finite field. Check that mask and field belong together."
    case .badVoxelSize(let size):
      "The voxel size \(size.x) x \(size.y) x \(size.z) m is not positive. Correct the header's voxel size."
    case .badFieldDirection(let direction):
      "The direction of the static field (\(direction.x), \(direction.y), \(direction.z)) is not a unit vector "
        + "along the voxel axes. Correct the header's orientation, or name the direction."
    case .badFieldStrength(let tesla):
      "A static field of \(tesla) T gives no parts per million. Name the scanner's field strength."
    case .maskTooThin(let radius):
      "The mask holds no sphere of \(radius * 1e3) mm, so that no background can be told from it. "
        + "Use a smaller radius or a larger mask."
    case .sphereTooSmall(let radius, let side):
      "A radius of \(radius * 1e3) mm makes no sphere of voxels that are \(side * 1e3) mm long, over which a background has "
        + "its mean. Use a radius of at least that length, or leave it out."
    case .emptyReference:
      "The reference region has no voxel in the mask. Choose another region, or the whole brain."
    case .network(let message): message
    case .noObject(let origin):
      "The \(origin) leaves no voxel in the mask. Check the magnitude, or give a `mask`."
    case .notEquallySpaced(let seconds):
      "R2* by ARLO needs at least three equally spaced echoes, and the echo times are \(seconds) s. Use MDI's R2*."
    }
  }
}
