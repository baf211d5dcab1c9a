import MRIData
import NDArrays
import Testing

@testable import QSM

@Suite("Brain surface")
struct BrainSurfaceTests {
  @Test("the divided icosahedron is closed, faces outwards and fills the volume of its sphere")
  func mesh() {
    let center: SIMD3<Double> = [31.3, 27.8, 20.1], radius = 17.0
    let mesh = SphereMesh(center: center, radius: radius, divisions: 4)
    #expect(mesh.vertices.count == 2562 && mesh.triangles.count == 5120)
    // Euler: V - E + F = 2, where each edge has two directions.
    #expect(mesh.vertices.count - mesh.neighbours.count / 2 + mesh.triangles.count == 2)
    for (vertex, normal) in zip(mesh.vertices, mesh.normals) {
      #expect(((vertex - center) * normal).sum() > 0.99 * radius)
    }
    #expect(!mesh.isFolded)
    let size: SIMD3<Double> = [0.9, 1.1, 2], matrix = Extents(x: 71, y: 53, z: 22)
    let inside = mesh.filled(matrix, voxelSize: size).elements
    let volume = Double(inside.count { $0 }) * size.x * size.y * size.z
    #expect(abs(volume / (4 / 3 * .pi * radius * radius * radius) - 1) < 0.01)
    for (index, isInside) in inside.enumerated() {
      let place =
        SIMD3(Double(index % 71), Double(index / 71 % 53), Double(index / (71 * 53))) * size - center
      let distance = place.length
      // The chords of the triangles cut off less than a hundredth of the radius.
      if distance < 0.985 * radius { #expect(isInside) }
      if distance > 1.001 * radius { #expect(!isInside) }
    }
  }

  @Test("a part of the surface beyond the volume is cut off")
  func cut() {
    let mesh = SphereMesh(center: [4, 10, 10], radius: 8, divisions: 3)
    let inside = mesh.filled(Extents(x: 20, y: 20, z: 12), voxelSize: [1, 1, 1])
    #expect(inside[10, 10, 0] && inside[10, 10, 11] && !inside[10, 10, 13] && inside[11, 10, 4])
  }

  /// Brightness of a head: a brain, the dark skull around it, and a bright scalp that two bridges connect with the
  /// brain.
  static func head(_ matrix: Extents, _ size: SIMD3<Double>, shading: Double) -> (
    image: ImageVolumes<Float>, brain: [Bool]
  ) {
    var random = SeededGenerator(seed: 4)
    let middle = SIMD3(Double(matrix.x), Double(matrix.y), Double(matrix.z)) * size / 2
    var brain: [Bool] = []
    let values = (0..<matrix.count).map { index -> Float in
      let place =
        SIMD3(
          Double(index % matrix.x), Double(index / matrix.x % matrix.y), Double(index / (matrix.x * matrix.y))
        )
        * size - middle
      let (inner, outer) = (place / [54, 66, 46], place / [61, 73, 52])
      let isBrain = (inner * inner).sum() < 1
      let isBridge = place.y > 0 && abs(place.x) > 14 && abs(place.x) < 17 && abs(place.z) < 2
      brain.append(isBrain)
      let rim = (place / [67, 79, 57])
      let isScalp = (outer * outer).sum() > 1 && (rim * rim).sum() < 1
      let signal = isBrain ? 100.0 : isScalp ? 130 : isBridge && (rim * rim).sum() < 1 ? 90 : 8
      return Float(signal * (1 + shading * place.y / 80) + Double.random(in: -6...6, using: &random))
    }
    let geometry = Geometry(matrix: matrix, voxelSize: size * 1e-3)
    return (ImageVolumes(NDArray(values.map(abs), shape: matrix.shape), geometry: geometry), brain)
  }

  @Test(
    "the brain is found, and the scalp left out, where bridges defeat a threshold",
    arguments: [
      (Extents(x: 72, y: 85, z: 40), [2.0, 2, 3]), (Extents(x: 95, y: 90, z: 33), [1.5, 1.9, 3.7]),
    ],
    [0.0, 0.3])
  func head(grid: (Extents, [Double]), shading: Double) throws {
    let (image, brain) = Self.head(grid.0, [grid.1[0], grid.1[1], grid.1[2]], shading: shading)
    let mask = try BrainSurface()(image)[0].elements
    let common = zip(mask, brain).count { $0.0 != 0 && $0.1 }
    let dice = 2 * Double(common) / Double(mask.count { $0 != 0 } + brain.count { $0 })
    #expect(dice > 0.95, "Dice \(dice)")
    let threshold = try MagnitudeMask(openingRadius: 1e-3)(image)[0].elements
    #expect(threshold.count { $0 != 0 } > mask.count { $0 != 0 } * 11 / 10)
  }

  @Test("erosion shrinks it, a larger fraction gives a smaller brain, and nothing is found in nothing")
  func parameters() throws {
    let (image, _) = Self.head(Extents(x: 72, y: 85, z: 40), [2, 2, 3], shading: 0)
    func size(_ method: BrainSurface) throws -> Int { try method(image)[0].elements.count { $0 != 0 } }
    let usual = try size(BrainSurface())
    #expect(try size(BrainSurface(erosion: 4e-3)) < usual)
    #expect(try size(BrainSurface(fraction: 0.9)) < usual)
    let empty = image.map { _ in Float(0) }
    #expect(throws: QSMError.noObject("brain surface")) { try BrainSurface()(empty) }
  }
}
