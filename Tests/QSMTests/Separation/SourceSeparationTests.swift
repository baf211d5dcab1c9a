import MRIData
import NDArrays
import QSM
import Testing

@Suite struct SourceSeparationTests {
  static let geometry = Geometry(matrix: Extents(x: 16, y: 9, z: 5), voxelSize: [1e-3, 1e-3, 2e-3])

  /// Sources of both kinds in every voxel, sometimes of one kind alone.
  private func sources() -> (positive: [Float], negative: [Float]) {
    let count = Self.geometry.matrix.count
    return (
      (0..<count).map { $0 % 5 == 0 ? 0 : Float($0 % 17) * 0.01 },
      (0..<count).map { $0 % 7 == 0 ? 0 : -Float($0 % 11) * 0.005 }
    )
  }

  private func volume(_ values: [Float]) -> ImageVolumes<Float> {
    ImageVolumes(NDArray(values, shape: [1] + Self.geometry.matrix.shape), geometry: Self.geometry)
  }

  private var mask: ImageVolumes<UInt8> {
    let count = Self.geometry.matrix.count
    return ImageVolumes(
      NDArray((0..<count).map { $0 == 3 ? 0 : 1 }, shape: [1] + Self.geometry.matrix.shape),
      geometry: Self.geometry)
  }

  @Test(arguments: [1.5, 3, 7]) func undoesTheModel(_ fieldStrength: Double) throws {
    let (positive, negative) = sources()
    let relaxivity = Float(137 * fieldStrength / 3)
    let chi = volume(zip(positive, negative).map { $0 + $1 - 0.02 })
    let rate = volume(zip(positive, negative).map { relaxivity * ($0 - $1) })
    var method = SourceSeparation()
    method.referenceSusceptibility = 0.02
    let found = try method(chi, reversibleRate: rate, mask: mask, fieldStrength: fieldStrength)
    #expect(found.voxelsWithoutRate == 0)
    for voxel in positive.indices where voxel != 3 {
      // Sums of a few numbers below one in single precision.
      #expect(abs(found.paramagnetic.voxels.elements[voxel] - positive[voxel]) < 1e-6)
      #expect(abs(found.diamagnetic.voxels.elements[voxel] - negative[voxel]) < 1e-6)
    }
    #expect(found.paramagnetic.voxels.elements[3] == 0)
    // By way of R2* and R2, a map or a constant.
    let total = rate.map { $0 + 12 }
    for irreversible in [SourceSeparation.Irreversible.constant(12), .map(rate.map { _ in 12 })] {
      let other = try method(
        chi, relaxation: total, irreversible: irreversible, mask: mask, fieldStrength: fieldStrength)
      for (one, two) in zip(other.paramagnetic.voxels.elements, found.paramagnetic.voxels.elements) {
        #expect(abs(one - two) < 1e-5)
      }
    }
  }

  /// Among all pairs of sources, the one found fits best.
  @Test func solutionIsTheBestOfAllThatAreAllowed() throws {
    let chi = volume(sources().positive.indices.map { Float($0 % 13) * 0.02 - 0.1 })
    let rate = volume(sources().positive.indices.map { Float($0 % 9) * 2 - 1 })
    let method = SourceSeparation()
    let found = try method(chi, reversibleRate: rate, mask: mask, fieldStrength: 3)
    var negativeRates = 0
    for voxel in 0..<Self.geometry.matrix.count where voxel != 3 {
      let (x, y) = (Double(chi.voxels.elements[voxel]), Double(rate.voxels.elements[voxel]))
      guard y >= 0 else {
        negativeRates += 1
        continue
      }
      func cost(_ p: Double, _ d: Double) -> Double {
        let a = (p - d - x) / method.susceptibilityDeviation, b = (137 * (p + d) - y) / method.rateDeviation
        return a * a + b * b
      }
      let p = Double(found.paramagnetic.voxels.elements[voxel])
      let d = -Double(found.diamagnetic.voxels.elements[voxel])
      #expect(p >= 0 && d >= 0)
      let least = cost(p, d)
      for (a, b) in [(1e-3, 0.0), (-1e-3, 0), (0, 1e-3), (0, -1e-3), (1e-3, 1e-3), (-1e-3, -1e-3)]
      where p + a >= 0 && d + b >= 0 {
        #expect(cost(p + a, d + b) > least - 1e-6)
      }
    }
    #expect(found.voxelsWithoutRate == negativeRates)
  }

  @Test func badInputIsNamed() throws {
    let chi = volume(sources().positive)
    let other = ImageVolumes(
      NDArray<Float>(repeating: 0, shape: [1, 2, 2, 2]),
      geometry: Geometry(matrix: Extents(x: 2, y: 2, z: 2), voxelSize: [1e-3, 1e-3, 1e-3]))
    #expect(throws: QSMError.badFieldStrength(0)) {
      try SourceSeparation()(chi, reversibleRate: chi, mask: mask, fieldStrength: 0)
    }
    #expect(throws: QSMError.gridMismatch(name: "R2", other.geometry.matrix, field: Self.geometry.matrix)) {
      try SourceSeparation()(chi, relaxation: chi, irreversible: .map(other), mask: mask, fieldStrength: 3)
    }
    #expect(throws: QSMError.emptyMask) {
      try SourceSeparation()(chi, reversibleRate: chi, mask: mask.map { _ in 0 }, fieldStrength: 3)
    }
  }
}
