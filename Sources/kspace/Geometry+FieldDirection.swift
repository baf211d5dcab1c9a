import KSpaceToolkit

extension Geometry {
  /// Turns the axes so that the static field points along a direction of theirs.
  ///
  /// The images do not change; where they lie in the patient is no longer what the file says.
  mutating func turn(fieldDirection b: SIMD3<Double>) {
    // Any rotation whose third row is b will do.
    let helper: SIMD3<Double> = abs(b.x) < 0.9 ? [1, 0, 0] : [0, 1, 0]
    func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
      [a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x]
    }
    var first = helper - b * (helper * b).sum()
    first /= (first * first).sum().squareRoot()
    let second = cross(b, first)
    readDirection = [first.x, second.x, b.x]
    phaseDirection = [first.y, second.y, b.y]
    sliceDirection = [first.z, second.z, b.z]
  }
}
