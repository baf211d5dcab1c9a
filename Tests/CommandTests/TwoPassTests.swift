import Foundation
import KSpaceToolkit
import TestSupport
import Testing

/// `--two-pass`: what a strong source does to the map around it.
@Suite struct TwoPassTests {
  private static let radius = 6e-3, place = SIMD3<Double>(28e-3, 16e-3, 30e-3)

  /// The field of a ball of matter at a point outside it [ppm]; zero within, where Lorentz's sphere takes it away.
  private static func field(of susceptibility: Double, at point: SIMD3<Double>) -> Double {
    let offset = point - place, square = (offset * offset).sum()
    guard square > radius * radius else { return 0 }
    let ratio = radius * radius / square
    return susceptibility / 3 * ratio * ratio.squareRoot() * (3 * offset.z * offset.z / square - 1)
  }

  /// Puts a calcification into the head's white matter: voxels average what their parts emit.
  private static func write(_ scene: QSMScene, susceptibility: Double) throws {
    let magnitude = try scene.echoes("mag"), phase = try scene.echoes("phase"), grid = magnitude.geometry
    var magnitudes = magnitude.voxels.elements, phases = phase.voxels.elements
    let matrix = grid.matrix, parts = [-0.375, -0.125, 0.125, 0.375], volume = matrix.count
    for index in 0..<volume {
      let (x, y, z) = (index % matrix.x, index / matrix.x % matrix.y, index / (matrix.x * matrix.y))
      let voxel = SIMD3(Double(x), Double(y), Double(z))
      let offset = grid.position(ofVoxel: voxel) - place
      let isNear = (offset * offset).sum() < 0.03 * 0.03
      let points =
        isNear ? parts.flatMap { i in parts.flatMap { j in parts.map { SIMD3(i, j, $0) } } } : [.zero]
      for (echo, time) in scene.echoTimes.enumerated() {
        var (real, imaginary) = (0.0, 0.0)
        for point in points {
          let turns = 127.74 * time * field(of: susceptibility, at: grid.position(ofVoxel: voxel + point))
          real += cos(2 * .pi * turns)
          imaginary += sin(2 * .pi * turns)
        }
        let value = echo * volume + index, count = Double(points.count)
        magnitudes[value] *= Float((real * real + imaginary * imaginary).squareRoot() / count)
        let angle = Double(phases[value]) + atan2(imaginary, real)
        phases[value] = Float(angle.remainder(dividingBy: 2 * .pi))
      }
    }
    try scene.write(
      phase: { ImageVolumes(NDArray(phases, shape: $0.voxels.shape), geometry: $0.geometry) },
      magnitude: { ImageVolumes(NDArray(magnitudes, shape: $0.voxels.shape), geometry: $0.geometry) })
  }

  @Test("In two passes a calcification changes the map around it, and nuclei, less")
  func calcification() throws {
    let scene = try QSMScene()
    func map(_ output: String, _ more: [String]) throws -> [Float] {
      let result = try scene.run(
        [
          "--phase", "phase.nii.gz", "--magnitude", "mag.nii.gz", "-o", output, "--mask", scene.mask,
          "--echo-times", "4ms,8ms,12ms,16ms", "--field-strength", "3T", "--phase-sign", "positive",
        ] + more)
      #expect(result.status == 0, "\(result.errors)")
      #expect(result.errors.contains("were unreliable") == !more.isEmpty, "\(result.errors)")
      return try scene.map(output)
    }
    try scene.write()
    let without = try map("without", [])
    try Self.write(scene, susceptibility: -1.5)
    let once = try map("once", []), twice = try map("twice", ["--two-pass"])
    let labels = try scene.truth("labels")
    let grid = try scene.echoes("mag").geometry, matrix = grid.matrix
    /// By how much a map differs from that without the source 10 to 30 mm from it, the mean taken out [ppm].
    func change(_ map: [Float]) -> Double {
      var changes: [Double] = []
      for index in map.indices where map[index] != 0 && once[index] != 0 && without[index] != 0 {
        let (x, y, z) = (index % matrix.x, index / matrix.x % matrix.y, index / (matrix.x * matrix.y))
        let offset = grid.position(ofVoxel: SIMD3(Double(x), Double(y), Double(z))) - Self.place
        let distance = (offset * offset).sum().squareRoot() - Self.radius
        if (0.01..<0.03).contains(distance) { changes.append(Double(map[index] - without[index])) }
      }
      let mean = changes.reduce(0, +) / Double(changes.count)
      return (changes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(changes.count)).squareRoot()
    }
    #expect(change(twice) < 0.65 * change(once), "\(change(twice)) of \(change(once))")
    /// By how much means of nuclei differ from those without the source [ppm].
    func nuclei(_ map: [Float]) -> Double {
      let changes = Tissue.ironRichNuclei.map { tissue in
        let inside = map.indices.filter { labels[$0] == Float(tissue.rawValue) && map[$0] != 0 }
        return inside.reduce(0) { $0 + Double(map[$1] - without[$1]) } / Double(inside.count)
      }
      return (changes.reduce(0) { $0 + $1 * $1 } / Double(changes.count)).squareRoot()
    }
    #expect(nuclei(twice) < nuclei(once), "\(nuclei(twice)) of \(nuclei(once))")
    // Nothing that was known is lost.
    #expect(zip(once, twice).allSatisfy { $0 == 0 || $1 != 0 })
    let record = try String(contentsOfFile: scene.folder.path("twice/provenance.json"), encoding: .utf8)
    #expect(record.contains("\"two-pass\" : \"true\"") && record.contains("reliable voxels first"))
    // A zero that lies in the source is that of the map of all.
    let nearest = once.indices.filter { once[$0] != 0 }.min { one, other in
      func distance(_ index: Int) -> Double {
        let (x, y, z) = (index % matrix.x, index / matrix.x % matrix.y, index / (matrix.x * matrix.y))
        let offset = grid.position(ofVoxel: SIMD3(Double(x), Double(y), Double(z))) - Self.place
        return (offset * offset).sum()
      }
      return distance(one) < distance(other)
    }
    let middle = once.indices.map { UInt8($0 == nearest ? 1 : 0) }
    try NIfTIFile.write(
      ImageVolumes(NDArray(middle, shape: matrix.shape), geometry: grid),
      to: scene.folder.path("middle.nii.gz"))
    let zeroed = try scene.run(
      "--phase", "phase.nii.gz", "--magnitude", "mag.nii.gz", "-o", "zeroed", "--mask", scene.mask,
      "--echo-times", "4ms,8ms,12ms,16ms", "--field-strength", "3T", "--phase-sign", "positive", "--two-pass",
      "--reference", "middle.nii.gz")
    #expect(zeroed.status == 0 && zeroed.errors.contains("all was mapped at once"), "\(zeroed.errors)")
  }
}
