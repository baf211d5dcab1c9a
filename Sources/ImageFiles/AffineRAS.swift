import MRIData

/// The map from voxel indices to positions in a NIfTI file's patient coordinates [mm].
///
/// ```
/// position = x i + y j + z k + origin        +x to the right, +y to the front, +z to the head (RAS)
/// ```
public struct AffineRAS: Sendable, Equatable {
  /// The step from one voxel to the next along the first axis [mm].
  public var x: SIMD3<Double>
  /// The step from one voxel to the next along the second axis [mm].
  public var y: SIMD3<Double>
  /// The step from one voxel to the next along the third axis [mm].
  public var z: SIMD3<Double>
  /// The position of voxel `(0, 0, 0)` [mm].
  public var origin: SIMD3<Double>

  /// Creates the map from its columns.
  public init(x: SIMD3<Double>, y: SIMD3<Double>, z: SIMD3<Double>, origin: SIMD3<Double>) {
    self.x = x
    self.y = y
    self.z = z
    self.origin = origin
  }

  /// The position of a voxel [mm]; indices may be fractional.
  public func position(ofVoxel index: SIMD3<Double>) -> SIMD3<Double> {
    x * index.x + y * index.y + z * index.z + origin
  }

  /// The first three rows of the matrix, each `[x, y, z, origin]`.
  public var rows: [[Double]] {
    (0..<3).map { [x[$0], y[$0], z[$0], origin[$0]] }
  }

  /// Creates the map from the first three rows of its matrix.
  ///
  /// - Precondition: There are three rows of four numbers.
  public init(rows: [[Double]]) {
    precondition(rows.count == 3 && rows.allSatisfy { $0.count == 4 }, "an affine has 3 rows of 4 numbers")
    func column(_ index: Int) -> SIMD3<Double> { [rows[0][index], rows[1][index], rows[2][index]] }
    self.init(x: column(0), y: column(1), z: column(2), origin: column(3))
  }
}

// The one place where LPS metres become RAS millimetres, and back. Turning both signs twice changes nothing, so
// the same factor serves both ways.
private let signs: SIMD3<Double> = [-1, -1, 1]

extension Geometry {
  /// The map from voxel indices to RAS positions [mm], for NIfTI.
  ///
  /// ```
  /// A_LPS = [read dx | phase dy | slice dz],  voxel n/2 at `center`,  A_RAS = diag(-1, -1, 1) A_LPS
  /// ```
  public var affineRAS: AffineRAS {
    let millimetres = 1000 * signs
    return AffineRAS(
      x: readDirection * voxelSize.x * millimetres, y: phaseDirection * voxelSize.y * millimetres,
      z: sliceDirection * voxelSize.z * millimetres, origin: position(ofVoxel: .zero) * millimetres)
  }

  /// The geometry of a grid whose voxels lie where an affine says.
  ///
  /// A sheared affine gives axes that are not perpendicular. Returns `nil` if an axis has no length, or a number is
  /// not finite.
  public init?(affineRAS affine: AffineRAS, matrix: Extents) {
    let steps = [affine.x, affine.y, affine.z].map { $0 * signs / 1000 }
    let lengths = steps.map { ($0 * $0).sum().squareRoot() }
    let center = affine.position(
      ofVoxel: [Double(matrix.x / 2), Double(matrix.y / 2), Double(matrix.z / 2)])
    guard lengths.allSatisfy({ $0 > 0 && $0.isFinite }), (center * center).sum().isFinite else { return nil }
    self.init(
      matrix: matrix, voxelSize: [lengths[0], lengths[1], lengths[2]], center: center * signs / 1000,
      readDirection: steps[0] / lengths[0], phaseDirection: steps[1] / lengths[1],
      sliceDirection: steps[2] / lengths[2])
  }
}
