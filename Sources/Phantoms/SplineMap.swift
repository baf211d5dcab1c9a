import MRIData
import NDArrays
import Numerics

/// A smooth complex function in a box, the sum of cubic B-splines on a coarse lattice.
///
/// It is twice differentiable, costs a few multiplications per voxel, and gives the same function on every
/// grid: a sensitivity and its truth map at another resolution agree exactly.
struct SplineMap: Sendable {
  /// The lattice: its middle is the origin of the coordinates.
  private let extents: Extents
  private let spacing: Double
  private var coefficients: [Complex<Float>]

  /// Creates a function from the coefficients that a closure gives for lattice points.
  ///
  /// - Parameters:
  ///   - halfExtents: The half lengths of the box, centred on the origin.
  ///   - spacing: The distance of lattice points.
  ///   - coefficient: The coefficient at a point.
  init(
    halfExtents: SIMD3<Double>, spacing: Double,
    coefficient: @Sendable (SIMD3<Double>) -> Complex<Double>
  ) {
    func points(_ half: Double) -> Int { 2 * (Int((half / spacing).rounded(.up)) + 2) + 1 }
    let extents = Extents(x: points(halfExtents.x), y: points(halfExtents.y), z: points(halfExtents.z))
    self.extents = extents
    self.spacing = spacing
    coefficients = [Complex<Float>](unsafeUninitializedCapacity: extents.count) { target, count in
      count = extents.count
      let target = SharedBuffer(target)
      Parallelism.forEach(extents.z) { z in
        for y in 0..<extents.y {
          for x in 0..<extents.x {
            let point = SIMD3(
              Double(x - extents.x / 2), Double(y - extents.y / 2), Double(z - extents.z / 2))
            let value = coefficient(spacing * point)
            target[(z * extents.y + y) * extents.x + x] = Complex(Float(value.real), Float(value.imaginary))
          }
        }
      }
    }
  }

  /// The function times a number.
  func scaled(by factor: Float) -> SplineMap {
    var result = self
    result.coefficients = coefficients.map { Complex($0.real * factor, $0.imaginary * factor) }
    return result
  }

  /// Writes the values in one plane of a grid whose middle is the origin.
  func evaluate(plane z: Int, of geometry: Geometry, into target: UnsafeMutableBufferPointer<Complex<Float>>)
  {
    let matrix = geometry.matrix
    let alongX = (0..<matrix.x).map { support($0, of: geometry, axis: 0) }
    let alongZ = support(z, of: geometry, axis: 2)
    let planeCount = extents.x * extents.y
    var plane = [Complex<Float>](repeating: .zero, count: planeCount)
    for tap in 0..<4 {
      let start = (alongZ.first + tap) * planeCount
      for index in 0..<planeCount { plane[index] += alongZ.weights[tap] * coefficients[start + index] }
    }
    var row = [Complex<Float>](repeating: .zero, count: extents.x)
    for y in 0..<matrix.y {
      let alongY = support(y, of: geometry, axis: 1)
      for index in 0..<extents.x {
        var sum = Complex<Float>.zero
        for tap in 0..<4 { sum += alongY.weights[tap] * plane[(alongY.first + tap) * extents.x + index] }
        row[index] = sum
      }
      for x in 0..<matrix.x {
        let (first, weights) = alongX[x]
        let low = weights[0] * row[first] + weights[1] * row[first + 1]
        let high = weights[2] * row[first + 2] + weights[3] * row[first + 3]
        target.initializeElement(at: y * matrix.x + x, to: low + high)
      }
    }
  }

  /// The four lattice points that a voxel's value depends on, and their weights.
  private func support(_ index: Int, of geometry: Geometry, axis: Int) -> (first: Int, weights: SIMD4<Float>)
  {
    let position = Double(index - geometry.matrix[axis] / 2) * geometry.voxelSize[axis] / spacing
    let middle = extents[axis] / 2
    let lower = min(max(Int(position.rounded(.down)), 1 - middle), middle - 2)
    let t = position - Double(lower)
    let s = 1 - t
    let weights = SIMD4(
      s * s * s, 3 * t * t * t - 6 * t * t + 4, 3 * s * s * s - 6 * s * s + 4, t * t * t)
    return (lower - 1 + middle, SIMD4<Float>(weights / 6))
  }
}

@inline(__always)
private func * (factor: Float, value: Complex<Float>) -> Complex<Float> {
  Complex(factor * value.real, factor * value.imaginary)
}
