/// A rotation as NIfTI's qform stores it: `a + b i + c j + d k` with unit norm and `a >= 0`.
struct Quaternion: Equatable {
  var b, c, d: Double

  /// The first component, which the file does not hold.
  ///
  /// For rotations close to 180 degrees the single-precision `b`, `c`, `d` leave `a` uncertain by up to 6e-4; that
  /// is the format's own limit, and the reason why readers prefer the sform.
  var a: Double { max(0, 1 - b * b - c * c - d * d).squareRoot() }

  init(b: Double, c: Double, d: Double) {
    self.b = b
    self.c = c
    self.d = d
  }

  /// The rotation whose matrix has these columns: perpendicular, of unit length, right-handed.
  init(columns x: SIMD3<Double>, _ y: SIMD3<Double>, _ z: SIMD3<Double>) {
    // Four times the squares of a, b, c, d. The largest one divides the others, so that nothing is lost.
    let squares = [1 + x.x + y.y + z.z, 1 + x.x - y.y - z.z, 1 - x.x + y.y - z.z, 1 - x.x - y.y + z.z]
    let rows: [SIMD4<Double>] = [
      [squares[0], y.z - z.y, z.x - x.z, x.y - y.x],
      [y.z - z.y, squares[1], y.x + x.y, z.x + x.z],
      [z.x - x.z, y.x + x.y, squares[2], z.y + y.z],
      [x.y - y.x, z.x + x.z, z.y + y.z, squares[3]],
    ]
    let largest = squares.indices.max { squares[$0] < squares[$1] } ?? 0
    var components = rows[largest]
    components /= (components * components).sum().squareRoot()
    if components.x < 0 { components = -components }
    self.init(b: components.y, c: components.z, d: components.w)
  }

  /// The columns of the rotation matrix.
  var columns: (x: SIMD3<Double>, y: SIMD3<Double>, z: SIMD3<Double>) {
    (
      [a * a + b * b - c * c - d * d, 2 * (b * c + a * d), 2 * (b * d - a * c)],
      [2 * (b * c - a * d), a * a + c * c - b * b - d * d, 2 * (c * d + a * b)],
      [2 * (b * d + a * c), 2 * (c * d - a * b), a * a + d * d - b * b - c * c]
    )
  }
}
