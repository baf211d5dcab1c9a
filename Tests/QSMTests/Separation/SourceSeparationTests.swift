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
    method.smoothing = 0
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
    var method = SourceSeparation()
    method.smoothing = 0
    method.referenceSusceptibility = 0
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

  /// Two halves, iron and myelin, with some of the other kind, as maps of a voxel's noise show them.
  private func halves(noise: Float) -> (
    chi: ImageVolumes<Float>, rate: ImageVolumes<Float>, positive: [Float]
  ) {
    let width = Self.geometry.matrix.x, count = Self.geometry.matrix.count
    var generator = SeededGenerator(seed: 4)
    func scatter() -> Float { noise * Float(generator.normal()) }
    let positive = (0..<count).map { $0 % width < width / 2 ? Float(0.06) : 0.02 }
    let negative = (0..<count).map { $0 % width < width / 2 ? Float(-0.01) : -0.04 }
    return (
      volume(zip(positive, negative).map { $0 + $1 + scatter() }),
      volume(zip(positive, negative).map { 137 * ($0 - $1 + scatter()) }), positive
    )
  }

  @Test func neighboursTakeNoiseOutAndKeepEdges() throws {
    let (chi, rate, positive) = halves(noise: 0.01)
    func error(_ smoothing: Double, _ rate: ImageVolumes<Float>, trust: ImageVolumes<Float>? = nil) throws
      -> Float
    {
      var method = SourceSeparation()
      method.referenceSusceptibility = 0
      method.smoothing = smoothing
      let found = try method(chi, reversibleRate: rate, trust: trust, mask: mask, fieldStrength: 3)
      let differences = zip(found.paramagnetic.voxels.elements, positive).enumerated()
        .filter { $0.offset != 3 }.map { $0.element.0 - $0.element.1 }
      return (differences.reduce(0) { $0 + $1 * $1 } / Float(differences.count)).squareRoot()
    }
    let alone = try error(0, rate), together = try error(0.75, rate)
    #expect(alone > 0.006 && together < 0.5 * alone, "\(alone), \(together)")
    // A rate that is lost, or that is said not to be believed, does no harm to what neighbours know.
    var lost = rate
    for voxel in stride(from: 0, to: positive.count, by: 9) {
      lost.voxels[0, voxel / 144, voxel / 16 % 9, voxel % 16] = .nan
    }
    let without = try error(0.75, lost)
    #expect(without < 0.6 * alone, "\(without)")
    let wild = lost.map { $0.isNaN ? 60 : $0 }
    let distrusted = try error(0.75, wild, trust: lost.map { $0.isNaN ? 0 : 1 })
    #expect(abs(distrusted - without) < 1e-6)
    #expect(try error(0.75, wild) > 1.5 * distrusted)
  }

  @Test func edgesOfAMagnitudeKeepContrastAndDoubtRates() throws {
    let (chi, rate, positive) = halves(noise: 0.01)
    let width = Self.geometry.matrix.x
    let magnitude = volume(positive.indices.map { $0 % width < width / 2 ? 1 : 2 })
    var method = SourceSeparation()
    method.referenceSusceptibility = 0
    method.smoothing = 20
    method.edges = EdgeWeights(fraction: 0.2)
    method.edgeCoupling = 0
    /// The difference of the halves, each without the columns at the edge.
    func contrast(_ found: SourceSeparation.Sources) -> Float {
      let values = found.paramagnetic.voxels.elements
      func mean(_ columns: Range<Int>) -> Float {
        let places = values.indices.filter { columns.contains($0 % width) }
        return places.reduce(0) { $0 + values[$1] } / Float(places.count)
      }
      return mean(0..<7) - mean(9..<width)
    }
    func found(_ magnitude: ImageVolumes<Float>?, rate: ImageVolumes<Float>) throws
      -> SourceSeparation.Sources
    {
      try method(chi, reversibleRate: rate, magnitude: magnitude, mask: mask, fieldStrength: 3)
    }
    // So much smoothing takes a third of the contrast of 0.04, but not across an edge that is known.
    #expect(contrast(try found(nil, rate: rate)) < 0.027)
    #expect(abs(contrast(try found(magnitude, rate: rate)) - 0.04) < 0.004)
    // What rings at the edge is not believed.
    let ringing = volume(
      rate.voxels.elements.enumerated().map { $0.offset % width == width / 2 ? $0.element + 5 : $0.element })
    method.smoothing = 3
    func harm() throws -> Float {
      let values = try found(magnitude, rate: ringing).paramagnetic.voxels.elements
      let edge = values.indices.filter { $0 % width == width / 2 }
      return edge.reduce(0) { $0 + abs(values[$1] - positive[$1]) } / Float(edge.count)
    }
    method.edgeTrust = 1
    let believed = try harm()
    method.edgeTrust = 0.1
    let doubted = try harm()
    #expect(doubted < 0.6 * believed, "\(doubted), \(believed)")
  }

  @Test func zeroOfTheMapIsFoundByWhatTheRateAllows() throws {
    let (positive, negative) = sources()
    for zero in [Float(-0.03), 0, 0.02] {
      let chi = volume(zip(positive, negative).map { $0 + $1 - zero })
      let rate = volume(zip(positive, negative).map { 137 * ($0 - $1) })
      let found = try SourceSeparation()(chi, reversibleRate: rate, mask: mask, fieldStrength: 3)
      #expect(abs(Float(found.referenceSusceptibility) - zero) < 1e-4)
      // Where R2 is a guess, nothing is told.
      let guessed = try SourceSeparation()(
        chi, relaxation: rate, irreversible: .constant(0), mask: mask, fieldStrength: 3)
      #expect(guessed.referenceSusceptibility == 0)
    }
  }

  @Test func resultDoesNotDependOnThreadsOrMargins() throws {
    let (chi, rate, _) = halves(noise: 0.01)
    let one = try Parallelism.withThreads(1) {
      try SourceSeparation()(chi, reversibleRate: rate, magnitude: rate, mask: mask, fieldStrength: 3)
    }
    let many = try Parallelism.withThreads(3) {
      try SourceSeparation()(chi, reversibleRate: rate, magnitude: rate, mask: mask, fieldStrength: 3)
    }
    #expect(one.paramagnetic.voxels == many.paramagnetic.voxels)
    #expect(one.diamagnetic.voxels == many.diamagnetic.voxels)
    // One plane alone has neighbours in two directions.
    let width = Self.geometry.matrix.x * Self.geometry.matrix.y
    let plane = ImageVolumes(
      NDArray(
        (0..<mask.voxels.elements.count).map { UInt8($0 / width == 2 ? 1 : 0) }, shape: mask.voxels.shape),
      geometry: Self.geometry)
    let flat = try SourceSeparation()(chi, reversibleRate: rate, mask: plane, fieldStrength: 3)
    let values = flat.paramagnetic.voxels.elements
    #expect(values.indices.allSatisfy { $0 / width == 2 || values[$0] == 0 })
    #expect(values.contains { $0 > 0.03 })
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
    #expect(
      throws: QSMError.gridMismatch(name: "magnitude", other.geometry.matrix, field: Self.geometry.matrix)
    ) {
      try SourceSeparation()(chi, reversibleRate: chi, magnitude: other, mask: mask, fieldStrength: 3)
    }
    #expect(throws: QSMError.emptyMask) {
      try SourceSeparation()(chi, reversibleRate: chi, mask: mask.map { _ in 0 }, fieldStrength: 3)
    }
  }
}
