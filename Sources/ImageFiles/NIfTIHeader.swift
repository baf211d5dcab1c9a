import MRIData

/// The 348 bytes at the start of a NIfTI-1 file.
///
/// - SeeAlso: <https://nifti.nimh.nih.gov/pub/dist/src/niftilib/nifti1.h>
struct NIfTIHeader {
  static let size = 348

  /// The extent of each axis, fastest first; one to seven.
  var dimensions: [Int]
  var dataType: NIfTIDataType
  /// `pixdim`: the handedness of the qform, then the spacing along each axis.
  var spacings: [Double]
  var dataOffset = 352
  /// Stored values times this slope plus ``intercept`` are the file's values; a slope of 0 means that they are not scaled.
  var slope = 1.0
  var intercept = 0.0
  var displayRange: ClosedRange<Double>?
  var units: UInt8 = Self.millimetres | Self.seconds
  var description = ""
  var qformCode: Int16 = 0
  var sformCode: Int16 = 0
  var quaternion = Quaternion(b: 0, c: 0, d: 0)
  var qformOrigin = SIMD3<Double>.zero
  var sform = AffineRAS(rows: Array(repeating: [0, 0, 0, 0], count: 3))
  var isByteSwapped = false

  static let millimetres: UInt8 = 2
  static let seconds: UInt8 = 8
  static let scannerCoordinates: Int16 = 1

  /// The number of bytes of all voxels, unless the header asks for more than can be counted.
  var dataBytes: Int? { byteCount(of: dimensions, elementBytes: dataType.bytes) }

  /// The first three extents.
  var matrix: Extents {
    let padded = dimensions + [1, 1]
    return Extents(x: padded[0], y: padded[1], z: padded[2])
  }

  /// The distance between volumes [s].
  var volumeSpacing: Double {
    let perSecond: [UInt8: Double] = [8: 1, 16: 1e3, 24: 1e6]
    return spacings[4] / (perSecond[units & 0b11_1000] ?? 1)
  }

  /// The geometry by the sform, else by the qform, else by the voxel sizes alone along the patient's axes.
  var geometry: Geometry? {
    let perMillimetre: [UInt8: Double] = [1: 1e-3, 3: 1e3]
    let factor = 1 / (perMillimetre[units & 0b111] ?? 1)
    let axes = quaternion.columns
    let sizes = spacings[1...3].map(abs)
    let qform = AffineRAS(
      x: axes.x * sizes[0], y: axes.y * sizes[1], z: axes.z * (spacings[0] < 0 ? -sizes[2] : sizes[2]),
      origin: qformOrigin)
    let plain = AffineRAS(x: [sizes[0], 0, 0], y: [0, sizes[1], 0], z: [0, 0, sizes[2]], origin: .zero)
    let candidates = (sformCode > 0 ? [sform] : []) + (qformCode > 0 ? [qform] : []) + [plain]
    return candidates.lazy.compactMap { affine in
      let affine = AffineRAS(
        x: affine.x * factor, y: affine.y * factor, z: affine.z * factor, origin: affine.origin * factor)
      return Geometry(affineRAS: affine, matrix: matrix)
    }.first
  }
}

// What a file of this toolkit says.
extension NIfTIHeader {
  /// The header of volumes on a grid; sform and qform both hold the geometry.
  init(
    dataType: NIfTIDataType, geometry: Geometry, volumes: Int, volumeSpacing: Double,
    displayRange: ClosedRange<Double>?
  ) {
    let matrix = geometry.matrix
    let affine = geometry.affineRAS
    dimensions = [matrix.x, matrix.y, matrix.z] + (volumes > 1 ? [volumes] : [])
    self.dataType = dataType
    self.displayRange = displayRange
    description = "KSpaceToolkit"
    sformCode = Self.scannerCoordinates
    qformCode = Self.scannerCoordinates
    sform = affine
    qformOrigin = affine.origin
    // A quaternion can only turn; left-handed axes are stored with the third one reversed, and a sign that says so.
    let size = geometry.voxelSize * 1000
    let x = affine.x / size.x, y = affine.y / size.y, z = affine.z / size.z
    let handedness = (cross(x, y) * z).sum() < 0 ? -1.0 : 1.0
    quaternion = Quaternion(columns: x, y, z * handedness)
    spacings = [handedness, size.x, size.y, size.z, volumeSpacing, 0, 0, 0]
  }
}

/// The vector perpendicular to two others, by the right-hand rule.
func cross(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> SIMD3<Double> {
  [u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x]
}
