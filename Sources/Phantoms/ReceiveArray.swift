import MRIData
import NDArrays
import Numerics

/// Loop coils spread over a helmet: what each receives from where, and how their noise goes together.
struct ReceiveArray: Sendable {
  /// A circular loop, in the patient [m], LPS.
  struct Loop: Sendable {
    var center: SIMD3<Double>
    var normal: SIMD3<Double>
    var radius: Double
    /// The phase of the receiver [rad].
    var phase: Double
    /// The noise of the receiver relative to the others'.
    var noise: Double
  }

  let loops: [Loop]

  /// The half axes of the helmet [m]: 2 cm outside the head.
  private static let helmet = SIMD3(0.100, 0.120, 0.112)
  /// The part of the helmet, along its long axis, that carries loops.
  private static let band = -0.5..<0.85

  /// Spreads loops evenly, each turned by a golden angle from the one below it, the lowest by an angle of its own [rad].
  init(channels: Int, turn: Double = 0, generator: inout SeededGenerator) {
    precondition(channels > 0, "a coil needs at least one channel, not \(channels)")
    let golden = Double.pi * (3 - 5.0.squareRoot())
    let height = Self.band.upperBound - Self.band.lowerBound
    // Neighbours overlap a little, as loops that are decoupled by overlap do.
    let share = 2 * Double.pi * height * 0.11 * 0.11 / Double(channels)
    let radius = min((1.3 * share / .pi).squareRoot(), 0.075)
    loops = (0..<channels).map { channel in
      let z = Self.band.lowerBound + height * (Double(channel) + 0.5) / Double(channels)
      let ring = (1 - z * z).squareRoot()
      let azimuth = golden * Double(channel) + 0.3 + turn
      let point = SIMD3(ring * Double.cos(azimuth), ring * Double.sin(azimuth), z)
      let outwards = point / Self.helmet
      return Loop(
        center: point * Self.helmet, normal: outwards / (outwards * outwards).sum().squareRoot(),
        radius: radius, phase: generator.uniform(in: 0..<2 * .pi), noise: generator.uniform(in: 0.85..<1.15))
    }
  }

  /// The covariance of the channels' noise, `E[n n^H]` with axes `[channel, channel]`, of mean diagonal 1.
  ///
  /// ```
  /// Psi_ij = s_i s_j e^(i (phase_i - phase_j)) (0.3 exp(-(d_ij - d_0) / 2 d_0) or, for i = j, 1)
  /// ```
  ///
  /// `d_ij` is the distance of two loops, `d_0` that of the closest two: coils close to each other see the same
  /// tissue and so share 30 % of its noise. The receivers' phases make the covariance complex.
  var noiseCovariance: NDArray<Complex<Double>> {
    func distance(_ i: Int, _ j: Int) -> Double {
      let offset = loops[i].center - loops[j].center
      return (offset * offset).sum().squareRoot()
    }
    let pairs = loops.indices.flatMap { i in (0..<i).map { distance(i, $0) } }
    let closest = pairs.min() ?? 1
    let power = loops.reduce(0) { $0 + $1.noise.squared } / Double(loops.count)
    var covariance = NDArray<Complex<Double>>(repeating: .zero, shape: [loops.count, loops.count])
    for (i, first) in loops.enumerated() {
      for (j, second) in loops.enumerated() {
        let shared = i == j ? 1 : 0.3 * Double.exp((closest - distance(i, j)) / (2 * closest))
        covariance[i, j] = Complex(
          length: first.noise * second.noise / power * shared, phase: first.phase - second.phase)
      }
    }
    return covariance
  }

  /// The sensitivities in a box around a grid's centre; the root of their summed squares is 1 in the middle of
  /// the head.
  func sensitivities(around geometry: Geometry) -> [SplineMap] {
    let maps = loops.map { loop in
      SplineMap(halfExtents: geometry.fieldOfView / 2, spacing: 4e-3) { offset in
        loop.sensitivity(
          at: geometry.center + offset.x * geometry.readDirection + offset.y * geometry.phaseDirection
            + offset.z * geometry.sliceDirection)
      }
    }
    let factor = Float(1 / meanSensitivity(radius: 0.03))
    return maps.map { $0.scaled(by: factor) }
  }

  /// The mean root of the summed squares on a sphere around the origin.
  private func meanSensitivity(radius: Double) -> Double {
    let directions: [SIMD3<Double>] = [
      [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1],
    ]
    let values = directions.map { direction in
      loops.reduce(0) { $0 + $1.sensitivity(at: radius * direction).lengthSquared }.squareRoot()
    }
    return values.reduce(0, +) / Double(values.count)
  }
}

extension ReceiveArray.Loop {
  /// The sensitivity at a position [m], LPS, to a factor: the field `Bx - i By` of a unit current, by Biot and
  /// Savart in the closed form of elliptic integrals, turned by the receiver's phase.
  ///
  /// The static field lies along `z`. The wire is 4 mm thick, so that the field is finite everywhere.
  ///
  /// - SeeAlso: D. I. Hoult, "The principle of reciprocity in signal strength calculations", Concepts Magn Reson
  ///   12:173, 2000.
  func sensitivity(at position: SIMD3<Double>) -> Complex<Double> {
    let offset = position - center
    let z = (offset * normal).sum()
    let radial = offset - z * normal
    let rho = (radial * radial).sum().squareRoot()
    let wire = 4e-3
    let square = rho * rho + z * z + wire * wire
    let near = radius * radius + square - 2 * radius * rho
    let far = near + 4 * radius * rho
    let (k, e) = Self.ellipticIntegrals(parameter: 1 - near / far)
    let common = 1 / (2 * near * far.squareRoot())
    let axial = common * ((radius * radius - square) * e + near * k)
    // Towards the axis the radial field vanishes like rho; the formula is 0/0 there.
    let outward = rho > 1e-6 ? common * z / (rho * rho) * ((radius * radius + square) * e - near * k) : 0
    let field = axial * normal + outward * radial
    return Complex(field.x, -field.y) * Complex(length: 1, phase: phase)
  }

  /// The complete elliptic integrals K and E by the arithmetic-geometric mean.
  private static func ellipticIntegrals(parameter m: Double) -> (k: Double, e: Double) {
    var (a, g) = (1.0, (1 - m).squareRoot())
    var (sum, power) = (m / 2, 0.5)
    while abs(a - g) > 1e-9 * a {
      let c = (a - g) / 2
      (a, g) = ((a + g) / 2, (a * g).squareRoot())
      power *= 2
      sum += power * c * c
    }
    let k = Double.pi / (2 * a)
    return (k, k * (1 - sum))
  }
}
