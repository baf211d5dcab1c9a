import MRIData
import NDArrays
import Numerics

/// A Gaussian random field of unit variance, defined everywhere inside a box.
///
/// ```
/// field = (white noise on a lattice) * exp(-r^2 / (2 sigma^2)), interpolated linearly
/// ```
///
/// The lattice belongs to the object, not to the image: any grid, however fine or oblique, sees the same field.
struct SmoothNoise: Sendable {
  private let values: [Float]
  private let extents: Extents
  private let spacing: Double

  /// Creates a field.
  ///
  /// - Parameters:
  ///   - sigma: The width of the smoothing kernel; the field's correlation is `exp(-r^2 / (4 sigma^2))`.
  ///   - spacing: The distance of lattice points, in the unit of `sigma`.
  ///   - halfExtents: The half lengths of the box, centred on the origin.
  ///   - generator: The source of the white noise.
  init(sigma: Double, spacing: Double, halfExtents: SIMD3<Double>, generator: inout SeededGenerator) {
    func points(_ half: Double) -> Int { 2 * Int((half / spacing).rounded(.up)) + 1 }
    extents = Extents(x: points(halfExtents.x), y: points(halfExtents.y), z: points(halfExtents.z))
    self.spacing = spacing
    var noise = (0..<extents.count).map { _ in Float(generator.normal()) }
    let radius = Int((3 * sigma / spacing).rounded(.up))
    var kernel = (-radius...radius).map { Double.exp(-0.5 * (Double($0) * spacing / sigma).squared) }
    let norm = kernel.reduce(0) { $0 + $1 * $1 }.squareRoot()
    kernel = kernel.map { $0 / norm }
    let taps = kernel.map(Float.init)
    for axis in 0..<3 { noise = Self.smoothed(noise, extents, along: axis, by: taps) }
    values = noise
  }

  /// The field at a point; outside the box it continues with the value at the box's surface.
  func callAsFunction(_ point: SIMD3<Double>) -> Float {
    let centre = SIMD3(Double(extents.x / 2), Double(extents.y / 2), Double(extents.z / 2))
    let last = 2 * centre
    let position = (point / spacing + centre).clamped(lowerBound: .zero, upperBound: last)
    let lower = position.rounded(.down).clamped(lowerBound: .zero, upperBound: last - 1)
    let t = SIMD3<Float>(position - lower)
    let first = (Int(lower.z) * extents.y + Int(lower.y)) * extents.x + Int(lower.x)
    return values.withUnsafeBufferPointer { values in
      func row(_ start: Int) -> Float { values[start] + t.x * (values[start + 1] - values[start]) }
      func plane(_ start: Int) -> Float {
        let near = row(start)
        return near + t.y * (row(start + extents.x) - near)
      }
      let near = plane(first)
      return near + t.z * (plane(first + extents.x * extents.y) - near)
    }
  }

  /// A convolution along one axis; the lattice is cyclic, which keeps the variance equal up to its surface.
  private static func smoothed(
    _ field: [Float], _ extents: Extents, along axis: Int, by taps: [Float]
  ) -> [Float] {
    let stride = axis == 0 ? 1 : axis == 1 ? extents.x : extents.x * extents.y
    let length = extents[axis]
    let radius = taps.count / 2
    return [Float](unsafeUninitializedCapacity: field.count) { target, count in
      count = field.count
      let target = SharedBuffer(target)
      Parallelism.forEach(field.count / length) { line in
        let start = line / stride * stride * length + line % stride
        for index in 0..<length {
          var sum: Float = 0
          for (tap, weight) in taps.enumerated() {
            let source = (index + tap - radius + length) % length
            sum += weight * field[start + source * stride]
          }
          target[start + index * stride] = sum
        }
      }
    }
  }
}

extension Double {
  var squared: Double { self * self }
}
