import MRIData
import NDArrays
import Testing

@testable import Phantoms

@Suite("Dipole field")
struct DipoleFieldTests {
  private static let chi: Float = 2

  /// A sphere whose voxels at the surface hold the part that is inside, on a grid with unequal voxels.
  private func sphere(_ matrix: Extents, _ voxelSize: SIMD3<Double>, radius: Double) -> NDArray<Float> {
    NDArray(over: Geometry(matrix: matrix, voxelSize: voxelSize)) { _, position in
      var inside = 0
      for sample in 0..<125 {
        let (x, y, z) = (Double(sample % 5), Double(sample / 5 % 5), Double(sample / 25))
        let point = position + ([x, y, z] - 2) / 5 * voxelSize
        inside += (point * point).sum() <= radius * radius ? 1 : 0
      }
      return Self.chi * Float(inside) / 125
    }
  }

  @Test(
    "A sphere: zero inside, a dipole outside, for any direction of the static field",
    arguments: [[0, 0, 1], [0, 0.6, 0.8], [1, 2, -2] / 3] as [SIMD3<Double>])
  func sphere(direction: SIMD3<Double>) {
    let geometry = Geometry(matrix: Extents(x: 48, y: 60, z: 40), voxelSize: [1, 0.8, 1.2])
    let radius = 10.0
    let field = DipoleField(voxelSize: geometry.voxelSize, direction: direction)(
      sphere(geometry.matrix, geometry.voxelSize, radius: radius))
    var worst = 0.0, strongest = 0.0
    for z in 0..<geometry.matrix.z {
      for y in 0..<geometry.matrix.y {
        for x in 0..<geometry.matrix.x {
          let offset = geometry.offset(ofVoxel: x, y, z)
          let distance = (offset * offset).sum().squareRoot()
          let cosine = distance > 0 ? (offset * direction).sum() / distance : 0
          let ratio = radius / distance
          let dipole = ratio * ratio * ratio * (3 * cosine * cosine - 1) / 3
          // A step is no band-limited function: it rings over a few voxels.
          if abs(distance - radius) < 5 { continue }
          let expected = distance < radius ? 0 : dipole
          worst = max(worst, abs(Double(field[z, y, x] / Self.chi) - expected))
          strongest = max(strongest, Double(field[z, y, x] / Self.chi))
        }
      }
    }
    // Copies at twice the field of view and the mean that is missing: a few times (10/96)^3; the rest is ringing.
    #expect(worst < 0.012, "worst error \(worst) of the susceptibility")
    #expect(strongest > 0.15, "the poles of the sphere have a positive field")
  }

  @Test("Padding removes the copies that a periodic transform implies")
  func padding() {
    let matrix = Extents(x: 32, y: 32, z: 32)
    let object = sphere(matrix, [1, 1, 1], radius: 8)
    let dipole = DipoleField(voxelSize: [1, 1, 1], direction: [0, 0, 1])
    let (exact, both, periodic) = (dipole.padded(object), dipole(object), dipole.periodic(object))
    // Where an object may be: away from the edges, next to which the copies lie.
    let inside = Extents(x: 24, y: 24, z: 24)
    func error(_ field: NDArray<Float>) -> Float {
      zip(field.centralPart(inside).elements, exact.centralPart(inside).elements)
        .reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
    // Copies 20 voxels and more away, interpolated over h = 2: h^2 / 8 times the second derivative of a dipole's
    // field, 12 (2/3) (8/20)^3 / 20^2 chi.
    #expect(error(both) < 6.4e-4 * Self.chi)
    #expect(error(periodic) > 50 * error(both))
  }
}

@Suite("Shim")
struct ShimTests {
  @Test("Second-order harmonics vanish everywhere, a third-order one stays")
  func harmonics() {
    let geometry = Geometry(matrix: Extents(x: 21, y: 18, z: 11), voxelSize: [9e-3, 10e-3, 13e-3])
    func field(_ value: @escaping @Sendable (SIMD3<Double>) -> Double) -> NDArray<Float> {
      NDArray(over: geometry) { _, position in Float(value(position * 10)) }
    }
    let mask = NDArray<Bool>(over: geometry) { _, p in (p * p).sum() < 0.07 * 0.07 }
    var smooth = field { 3 + $0.x - 2 * $0.y * $0.z + 4 * ($0.x * $0.x - $0.z * $0.z) }
    Shim(fitting: smooth, in: mask, of: geometry).remove(from: &smooth, of: geometry)
    #expect(smooth.elements.allSatisfy { abs($0) < 1e-4 })
    let cubic = field { $0.x * ($0.x * $0.x - 3 * $0.y * $0.y) }
    var shimmed = cubic
    Shim(fitting: cubic, in: mask, of: geometry).remove(from: &shimmed, of: geometry)
    #expect(shimmed.elements.contains { abs($0) > 0.1 })
  }

  @Test("An empty mask and a flat grid leave a finite field")
  func degenerate() {
    let geometry = Geometry(matrix: Extents(x: 8, y: 8, z: 1), voxelSize: [0.02, 0.02, 0.02])
    var field = NDArray<Float>(over: geometry) { voxel, _ in Float(voxel) }
    let before = field
    let empty = NDArray(repeating: false, shape: [1, 8, 8])
    Shim(fitting: field, in: empty, of: geometry).remove(from: &field, of: geometry)
    #expect(field == before)
    let full = NDArray(repeating: true, shape: [1, 8, 8])
    Shim(fitting: field, in: full, of: geometry).remove(from: &field, of: geometry)
    #expect(field.elements.allSatisfy { $0.isFinite })
  }
}
