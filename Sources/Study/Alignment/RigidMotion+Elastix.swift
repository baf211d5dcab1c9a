import Foundation

extension RigidMotion {
  /// Reads what elastix writes: angles [rad] about `x`, `y`, `z`, translations and the centre in millimetres, LPS.
  init?(elastix text: String) {
    func numbers(_ name: String) -> [Double]? {
      text.split(whereSeparator: \.isNewline).first { $0.hasPrefix("(\(name) ") }?
        .dropFirst(name.count + 2).prefix { $0 != ")" }.split(separator: " ").compactMap { Double($0) }
    }
    guard text.contains("(Transform \"EulerTransform\")"), !text.contains("(ComputeZYX \"true\")"),
      let values = numbers("TransformParameters"), values.count == 6,
      let center = numbers("CenterOfRotationPoint"), center.count == 3
    else { return nil }
    let (sx, sy, sz) = (sin(values[0]), sin(values[1]), sin(values[2]))
    let (cx, cy, cz) = (cos(values[0]), cos(values[1]), cos(values[2]))
    // Rz Rx Ry, the order of ITK's Euler transform.
    self.init(
      rotation: [
        [cz * cy - sz * sx * sy, -sz * cx, cz * sy + sz * sx * cy],
        [sz * cy + cz * sx * sy, cz * cx, sz * sy - cz * sx * cy],
        [-cx * sy, sx, cx * cy],
      ], translation: SIMD3(values[3...]) * 1e-3, center: SIMD3(center) * 1e-3)
  }
}
