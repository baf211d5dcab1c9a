import Foundation
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
  /// What the values are, in 15 letters at most.
  var intentName = ""
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

  /// Whether the file says where it lies, rather than how large its voxels are alone.
  var hasOrientation: Bool { sformCode > 0 || qformCode > 0 }

  /// The geometry by the sform, else by the qform, else by the voxel sizes alone along the patient's axes.
  ///
  /// An sform of bare voxel indices, which some tools leave behind, yields to voxel sizes that say otherwise.
  var geometry: Geometry? {
    let candidates =
      (sformCode > 0 && !isSformOfIndices ? [sform] : []) + (qformCode > 0 ? [qform] : []) + [plain]
    return candidates.lazy.compactMap(geometry(by:)).first
  }

  /// Voxel sizes along the patient's axes.
  private var plain: AffineRAS {
    AffineRAS(x: [sizes[0], 0, 0], y: [0, sizes[1], 0], z: [0, 0, sizes[2]], origin: .zero)
  }

  /// Where an affine places the voxels; `nil` for one that places none.
  private func geometry(by affine: AffineRAS) -> Geometry? {
    let factor = millimetresPerUnit
    let affine = AffineRAS(
      x: affine.x * factor, y: affine.y * factor, z: affine.z * factor, origin: affine.origin * factor)
    return Geometry(affineRAS: affine, matrix: matrix)
  }

  private var sizes: [Double] { spacings[1...3].map(abs) }

  private var qform: AffineRAS {
    let axes = quaternion.columns
    return AffineRAS(
      x: axes.x * sizes[0], y: axes.y * sizes[1], z: axes.z * (spacings[0] < 0 ? -sizes[2] : sizes[2]),
      origin: qformOrigin)
  }

  /// The lengths of the sform's columns.
  private var sformSizes: [Double] {
    [sform.x, sform.y, sform.z].map { ($0 * $0).sum().squareRoot() }
  }

  /// Whether sform and voxel sizes differ by more than rounding.
  private var sizesDiffer: Bool {
    sformCode > 0
      && zip(sformSizes, sizes).contains { $0 > 0 && $1 > 0 && abs($0 - $1) > 0.01 * max($0, $1) }
  }

  /// Whether the sform's steps are 1 along the axes while the voxels have other sizes.
  private var isSformOfIndices: Bool {
    sizesDiffer
      && [sform.x, sform.y, sform.z].enumerated().allSatisfy { axis, step in
        (0..<3).allSatisfy { abs(abs(step[$0]) - ($0 == axis ? 1 : 0)) < 1e-6 }
      }
  }

  /// Whether the unit is not stated, and voxels would be thinner than 30 micrometres if it were millimetres.
  private var areMetres: Bool {
    units & 0b111 == 0 && (sizes.max() ?? 1) < 0.03 && (sizes.min() ?? 0) > 0
  }

  private var millimetresPerUnit: Double {
    if areMetres { return 1e3 }
    return [1: 1e3, 3: 1e-3][units & 0b111] ?? 1
  }

  /// What of the header was not taken as it stands, one sentence each.
  var remarks: [String] {
    var remarks: [String] = []
    let sizes = sizes.map { "\($0)" }.joined(separator: " x ")
    if areMetres {
      remarks.append("voxels of \(sizes) without a unit were taken for metres: no scan has them in mm")
    }
    if isSformOfIndices {
      remarks.append(
        "the sform has steps of 1 mm where pixdim\(qformCode > 0 ? " and qform say" : " says") \(sizes) mm, which was used"
      )
    }
    return remarks + unusable(sizes) + (disagreement.map { [$0] } ?? [])
  }

  /// What holds numbers that are none, and what was used instead.
  private func unusable(_ sizes: String) -> [String] {
    let isSformGood = sformCode > 0 && geometry(by: sform) != nil
    let isQformGood = qformCode > 0 && geometry(by: qform) != nil
    var remarks: [String] = []
    if sformCode > 0, !isSformGood {
      remarks.append(
        "the sform holds no orientation (zero, or not finite); "
          + (isQformGood
            ? "the qform was used" : "the voxel sizes of pixdim along the patient's axes were used"))
    }
    if qformCode > 0, !isQformGood, !isSformGood {
      remarks.append(
        "the qform holds no orientation (zero, or not finite); the voxel sizes of pixdim along the patient's axes were used"
      )
    }
    if isSformGood, !isSformOfIndices, !self.sizes.allSatisfy({ $0 > 0 && $0.isFinite }) {
      remarks.append("pixdim has voxels of \(sizes); those of the sform were used")
    }
    return remarks
  }

  /// How sform and qform place the same voxels differently, beyond rounding; `nil` if they agree, or one is absent.
  ///
  /// Tools that align images change one of them alone, and the static field is known along the scanner's axes only.
  private var disagreement: String? {
    guard sformCode > 0, qformCode > 0, !isSformOfIndices, let first = geometry(by: sform),
      let second = geometry(by: qform)
    else { return nil }
    let angles = [
      (first.readDirection, second.readDirection), (first.phaseDirection, second.phaseDirection),
      (first.sliceDirection, second.sliceDirection),
    ].map { acos(max(-1, min(1, ($0 * $1).sum()))) * 180 / Double.pi }
    let step = first.position(ofVoxel: .zero) - second.position(ofVoxel: .zero)
    let distance = (step * step).sum().squareRoot() * 1e3, angle = angles.max() ?? 0
    guard angle > 1 || distance > 0.5 * first.voxelSize.max() * 1e3 else { return nil }
    func text(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
    return
      "sform and qform differ: their axes by \(text(angle)) degrees and their first voxels by \(text(distance)) mm; the sform "
      + "was used, also for the direction of the static field"
  }

  /// Why nobody can tell how large the voxels are; `nil` if the header is of one mind.
  var contradiction: String? {
    guard sizesDiffer, !isSformOfIndices else { return nil }
    func text(_ values: [Double]) -> String {
      values.map { "\(($0 * 1e4).rounded() / 1e4)" }.joined(separator: " x ")
    }
    return "the sform has voxels of \(text(sformSizes)) mm, and pixdim of \(text(sizes)) mm"
  }
}

// What a file of this toolkit says.
extension NIfTIHeader {
  /// The header of volumes on a grid; sform and qform both hold the geometry.
  init(
    dataType: NIfTIDataType, geometry: Geometry, volumes: Int, volumeSpacing: Double,
    displayRange: ClosedRange<Double>?, intentName: String = ""
  ) {
    let matrix = geometry.matrix
    let affine = geometry.affineRAS
    dimensions = [matrix.x, matrix.y, matrix.z] + (volumes > 1 ? [volumes] : [])
    self.dataType = dataType
    self.displayRange = displayRange
    self.intentName = intentName
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
