import Files
import ImageFiles
import MRIData
import NDArrays
import TestSupport
import Testing

@testable import PhaseUnwrapping

@Suite("ROMEO")
struct ROMEOTests {
  private static func costs(
    _ phase: [Float], magnitude: [Float]? = nil, weights: ROMEO.Weights = .romeo
  ) -> [UInt8] {
    let matrix = Extents(x: phase.count, y: 1, z: 1)
    return phase.withUnsafeBufferPointer { phase in
      (magnitude ?? []).withUnsafeBufferPointer { magnitude in
        guard let start = phase.baseAddress else { return [] }
        var volumes = EdgeVolumes(matrix: matrix, phase: start)
        if !magnitude.isEmpty { volumes.magnitude = magnitude.baseAddress }
        let costs = EdgeCosts(volumes, weights, EdgeTerms(weights)).costs.elements
        return stride(from: 0, to: costs.count, by: 3).map { costs[$0] }
      }
    }
  }

  @Test("the costs of four voxels are those that the authors' tests list")
  func literalCosts() {
    #expect(Self.costs([0.1, 0.2 + turn, 0.3, 0.4]) == [30, 7, 30, 0])
    // Beside NaN there is no edge, and the linearity that it spoils counts as a half.
    let damaged = Self.costs([0.1, 0.2 + turn, 0.3, .nan])
    #expect(damaged[2] == 0 && damaged[1] > 7)
    // Coherence of one step of 0.1 alone: 1 - 0.1 / pi, of 0.1 + 0.9 q.
    let expected = UInt8((255 * 0.9 * 0.1 / Double.pi).rounded())
    #expect(Self.costs([0, 0.1], weights: .romeo2) == [expected, 0])
    // Magnitudes of 1 and 2: coherence (1/2)^2.
    let factor = (1 - 0.9 * 0.1 / Double.pi) * (0.1 + 0.9 * 0.25)
    #expect(
      Self.costs([0, 0.1], magnitude: [1, 2], weights: .romeo2) == [UInt8((255 * (1 - factor)).rounded()), 0])
  }

  @Test("a smooth phase is recovered up to whole turns", arguments: PhaseVolumes.matrices)
  func smooth(matrix: Extents) throws {
    let truth = PhaseVolumes.smooth(matrix), phase = PhaseVolumes.wrapped(truth)
    for weights in ROMEO.Weights.allCases {
      let result = try ROMEO(weights: weights)(phase)
      #expect(PhaseVolumes.distance(result, truth) < 1e-4, "\(weights)")
      #expect(PhaseVolumes.misfitOfTurns(result, phase) < 1e-5, "\(weights)")
    }
  }

  @Test("echoes follow the template in time, whichever it is", arguments: [0, 1, 2, 3])
  func echoes(template: Int) throws {
    let matrix = Extents(x: 15, y: 10, z: 7), times = [0.0033, 0.0064, 0.0095, 0.0126]
    let field = PhaseVolumes.smooth(matrix)
    var truth = NDArray<Float>(repeating: 0, shape: [4] + matrix.shape)
    for (echo, time) in times.enumerated() {
      truth.setPart(at: echo, to: field.map { $0 * Float(time / 0.0126) })
    }
    let phase = PhaseVolumes.wrapped(truth)
    for isIndividual in [false, true] {
      let method = ROMEO(template: template, isIndividual: isIndividual, correctsGlobalWraps: isIndividual)
      let result = try method(phase, echoTimes: times)
      #expect(PhaseVolumes.misfitOfTurns(result, phase) < 1e-5)
      for echo in 0..<4 {
        #expect(PhaseVolumes.distance(result.part(at: echo), truth.part(at: echo)) < 1e-4, "\(isIndividual)")
      }
    }
  }

  @Test("NaN and holes of the mask stay what they are and do not disturb the rest")
  func holes() throws {
    let matrix = Extents(x: 14, y: 11, z: 9)
    let truth = PhaseVolumes.smooth(matrix)
    var phase = PhaseVolumes.wrapped(truth), mask = NDArray(repeating: true, shape: matrix.shape)
    for index in stride(from: 5, to: matrix.count, by: 97) {
      phase.withUnsafeMutableBufferPointer { $0[index] = .nan }
    }
    for y in 3..<7 { for x in 4..<9 { mask[4, y, x] = false } }
    for weights in ROMEO.Weights.allCases {
      let result = try ROMEO(weights: weights)(phase, mask: mask)
      let usable = NDArray(
        zip(phase.elements, mask.elements).map { $0.0.isFinite && $0.1 }, shape: matrix.shape)
      #expect(PhaseVolumes.misfitOfTurns(result, phase) < 1e-5)
      #expect(PhaseVolumes.distance(result, truth, within: usable) < 1e-4, "\(weights)")
    }
  }

  @Test("regions that grew from several seeds come to the same turn where they touch, islands to their own")
  func regions() throws {
    let matrix = Extents(x: 24, y: 9, z: 5)
    let truth = PhaseVolumes.smooth(matrix), phase = PhaseVolumes.wrapped(truth)
    let several = try ROMEO(seeds: 20, mergesRegions: true)(phase)
    #expect(PhaseVolumes.distance(several, truth) < 1e-4)
    // A wall of three voxels parts the volume.
    let mask = NDArray((0..<matrix.count).map { !(11...13).contains($0 % matrix.x) }, shape: matrix.shape)
    let one = try ROMEO(seeds: 1)(phase, mask: mask)
    let islands = try ROMEO(seeds: 4, mergesRegions: true, centersRegions: true)(phase, mask: mask)
    var sides = 0
    for side in [0..<11, 14..<matrix.x] {
      let half = NDArray((0..<matrix.count).map { side.contains($0 % matrix.x) }, shape: matrix.shape)
      #expect(PhaseVolumes.distance(islands, truth, within: half) < 1e-4)
      if PhaseVolumes.distance(one, truth, within: half) < 1e-4 { sides += 1 }
    }
    #expect(sides == 1, "one seed reaches one side only")
  }

  @Test("a voxel's quality is the mean over the neighbours that there are, NaN counting as zero")
  func qualityAtTheEnds() throws {
    var phase = NDArray<Float>(repeating: 1, shape: [5, 4, 6])
    let method = ROMEO(weights: .romeo2)
    #expect(try method.quality(phase).elements.allSatisfy { abs($0 - 1) < 1e-6 })
    phase[2, 2, 2] = .nan
    let quality = try method.quality(phase)
    #expect(
      quality[2, 2, 2] == 0 && abs(quality[2, 2, 3] - 5.0 / 6) < 1e-6 && abs(quality[0, 0, 0] - 1) < 1e-6)
  }

  @Test("of one volume, no template is looked for")
  func qualityOfOneVolume() throws {
    let phase = PhaseVolumes.wrapped(PhaseVolumes.smooth(Extents(x: 7, y: 6, z: 5)))
    #expect(try ROMEO(template: 1).quality(phase) == ROMEO().quality(phase))
  }

  @Test("echoes keep their value where the one before is not a number")
  func missingTemplate() throws {
    // Two rows of eight voxels at once, and some left over.
    var phase = NDArray<Float>(repeating: 0.5, shape: [3, 2, 2, 9])
    for voxel in [[0, 0, 3], [1, 1, 8]] { phase[0, voxel[0], voxel[1], voxel[2]] = .nan }
    let result = try ROMEO()(phase, echoTimes: [0.004, 0.008, 0.012])
    let changed = zip(result.elements, phase.elements).count { !$0.0.isNaN && $0.0 != $0.1 }
    #expect(result.elements.count { $0.isNaN } == 2 && changed == 0)
  }

  @Test("whole turns are brought back to the median, and late echoes to what early ones predict")
  func globalWraps() throws {
    let matrix = Extents(x: 9, y: 8, z: 7)
    let high = NDArray<Float>(repeating: 3 * turn + 0.4, shape: matrix.shape)
    let result = try ROMEO(correctsGlobalWraps: true)(high).elements
    #expect(result.allSatisfy { abs($0 - 0.4) < 1e-5 })
  }

  @Test("whole turns are counted where there is signal, however far the phase of the dark drifts")
  func globalTurnsOfSignal() throws {
    // A bright block of a quarter of the volume; the dark beside it turns eight times.
    let matrix = [6, 8, 64]
    let truth = (0..<matrix.reduce(1, *)).map { index -> Float in
      let x = index % 64
      return x < 16 ? 0.1 * Float(x) : 1.5 + Float(x - 15)
    }
    let phase = NDArray(truth.map { $0 - Turn.full * ($0 / Turn.full).rounded() }, shape: matrix)
    let magnitude = NDArray(truth.indices.map { $0 % 64 < 16 ? Float(1) : 0.02 }, shape: matrix)
    let result = try ROMEO(correctsGlobalWraps: true)(phase, magnitude: magnitude).elements
    #expect(truth.indices.allSatisfy { abs(result[$0] - truth[$0]) < 1e-4 })
    // Without a magnitude all voxels count.
    let other = try ROMEO(correctsGlobalWraps: true)(phase).elements
    #expect(abs(other[0] - truth[0]) > 6)
  }

  @Test("noise makes edges the last to be taken")
  func noise() throws {
    // A column of noise stands in the way; the path around it is longer.
    let matrix = Extents(x: 9, y: 9, z: 1), truth = PhaseVolumes.smooth(matrix)
    var phase = PhaseVolumes.wrapped(truth), noise = NDArray<Float>(repeating: 0.01, shape: matrix.shape)
    for y in 0..<8 {
      phase[0, y, 4] = PhaseVolumes.wrapped(truth)[0, y, 4] + (y % 2 == 0 ? 2.4 : -2.4)
      noise[0, y, 4] = 3
    }
    let isClean = NDArray((0..<matrix.count).map { $0 % 9 != 4 }, shape: matrix.shape)
    let result = try ROMEO()(phase, noise: noise)
    #expect(PhaseVolumes.distance(result, truth, within: isClean) < 1e-4)
  }

  @Test("what cannot be unwrapped is refused by name")
  func refusals() {
    let phase = NDArray<Float>(repeating: 1, shape: [3, 3, 3])
    #expect(throws: PhaseUnwrappingError.nothingToUnwrap) {
      try ROMEO()(phase, mask: NDArray(repeating: false, shape: [3, 3, 3]))
    }
    #expect(throws: PhaseUnwrappingError.nothingToUnwrap) { try ROMEO()(phase.map { _ in .nan }) }
    let echoes = NDArray<Float>(repeating: 1, shape: [2, 3, 3, 3])
    for times in [[], [0.004], [0.008, 0.004], [0, 0.004], [.nan, 0.004]] {
      #expect(throws: (any Error).self) { try ROMEO()(echoes, echoTimes: times) }
    }
  }

  @Test(
    "in-vivo echoes get the wraps of the authors' method, voxel by voxel",
    .enabled(if: SharedData.isPresent, "\(SharedData.absence)"))
  func inVivo() throws {
    let phase = try PhaseVolumes.inVivo("Phase"), magnitude = try PhaseVolumes.inVivo("Mag")
    let result = try ROMEO()(phase, echoTimes: [0.004, 0.008, 0.012], magnitude: magnitude)
    #expect(PhaseVolumes.misfitOfTurns(result, phase) < 1e-5)
    let wraps = zip(result.elements, phase.elements).map { Int8((($0 - $1) / turn).rounded()) }
    var counts: [[Int8: Int]] = []
    let volume = 51 * 51 * 41
    for echo in 0..<3 {
      counts.append(
        Dictionary(wraps[echo * volume..<(echo + 1) * volume].map { ($0, 1) }, uniquingKeysWith: +))
    }
    #expect(counts[0] == [-1: 389, 0: 106_252])
    #expect(counts[1] == [-1: 17_631, 0: 88_006, 1: 1_004])
    #expect(counts[2] == [-2: 204, -1: 30_719, 0: 68_398, 1: 7_320])
    #expect(sha256(wraps).hasPrefix("9e95ad99e9d64560"))
    // The third echo by itself.
    let last = phase.part(at: 2), single = try ROMEO()(last, magnitude: magnitude.part(at: 2))
    let singleWraps = zip(single.elements, last.elements).map { Int8((($0 - $1) / turn).rounded()) }
    #expect(sha256(singleWraps).hasPrefix("b467d9be9c3c8fea"))
    // The authors divide by six at the ends of the volume, too.
    let quality = try ROMEO().quality(phase, echoTimes: [0.004, 0.008, 0.012], magnitude: magnitude).elements
      .enumerated().map { index, value in
        let ends = [index % 51 % 50, index / 51 % 51 % 50, index / (51 * 51) % 40].count { $0 == 0 }
        return value * Float(6 - ends) / 6
      }
    #expect(abs(quality.reduce(0) { $0 + Double($1) } / Double(quality.count) - 0.77547) < 1e-5)
    #expect(abs((quality.min() ?? 0) - 0.09546) < 1e-5 && abs((quality.max() ?? 0) - 0.95043) < 1e-5)
  }

  private func sha256(_ values: [Int8]) -> String {
    SHA256.digest(of: values.map { UInt8(bitPattern: $0) })
  }
}
