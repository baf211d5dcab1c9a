import Foundation
import MRIData

/// Where a point of one scan lies in another, when the subject moved in between without being deformed.
///
/// ```
/// y = R (x - c) + c + t        x in the fixed scan, y in the moving one [m], LPS
/// ```
public struct RigidMotion: Sendable, Equatable, Codable {
  /// The rows of the rotation `R`.
  public var rotation: [SIMD3<Double>]
  /// The translation `t` [m].
  public var translation: SIMD3<Double>
  /// The centre of rotation `c` [m].
  public var center: SIMD3<Double>

  /// Creates a motion from its rotation's rows.
  ///
  /// - Precondition: There are three rows.
  public init(rotation: [SIMD3<Double>], translation: SIMD3<Double>, center: SIMD3<Double>) {
    precondition(rotation.count == 3, "a rotation of \(rotation.count) rows")
    self.rotation = rotation
    self.translation = translation
    self.center = center
  }

  /// Where a point of the fixed scan lies in the moving one.
  public func callAsFunction(_ point: SIMD3<Double>) -> SIMD3<Double> {
    let arm = point - center
    return SIMD3((0..<3).map { (rotation[$0] * arm).sum() }) + center + translation
  }

  /// Where a point of the moving scan lies in the fixed one.
  public var inverse: RigidMotion {
    let columns = (0..<3).map { axis in SIMD3(rotation.map { $0[axis] }) }
    return RigidMotion(
      rotation: columns, translation: SIMD3((0..<3).map { -(columns[$0] * translation).sum() }),
      center: center)
  }

  /// The angle of the rotation [rad].
  public var angle: Double {
    // The antisymmetric part tells small angles, which the trace loses.
    let axis = SIMD3(
      rotation[2][1] - rotation[1][2], rotation[0][2] - rotation[2][0], rotation[1][0] - rotation[0][1])
    let sine = (axis * axis).sum().squareRoot() / 2
    let cosine = (rotation[0][0] + rotation[1][1] + rotation[2][2] - 1) / 2
    return atan2(sine, cosine)
  }

  /// How far the centre of rotation moved [m].
  public var distance: Double { (translation * translation).sum().squareRoot() }

  /// The motion in words: `a turn of 1.2 degrees and a shift of 0.8 mm`.
  public var summary: String {
    "a turn of \((angle * 180 / .pi).rounded(2)) degrees and a shift of \((distance * 1e3).rounded(2)) mm"
  }
}
