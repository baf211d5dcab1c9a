import MRIData
import NDArrays
import Numerics
import Operators
import Phantoms
import TestSupport
import Testing

@testable import ParallelImaging

@Suite("L1-wavelet SENSE")
struct L1WaveletSENSETests {
  @Test("without any choice it is better than BART's 0.067", .enabled(if: SharedData.isPresent))
  func realPlane() throws {
    let brain = try BrainPlane.shared.get()
    let solution = try L1WaveletSENSE().solution(for: brain.undersampled)
    #expect(scaledError(solution.images[0], brain.reference) < 0.065)
  }

  @Test(
    "wavelets of any extents give the plane back, and leave nothing of a weak one but its averages",
    arguments: [[1, 1], [1, 37], [16, 16], [31, 17], [48, 160], [90, 7]])
  func thresholds(shape: [Int]) {
    let plane = testPattern(shape)
    for seed in 0..<4 {
      var shrinkage = WaveletThreshold(
        rows: shape[0], columns: shape[1], generator: SeededGenerator(seed: UInt64(seed)))
      var same = plane
      shrinkage.apply(to: &same, threshold: 0)
      #expect(relativeError(same, plane) < 1e-5)
      var constant = NDArray<Complex<Float>>(repeating: Complex(2, -1), shape: shape)
      let expected = constant
      shrinkage.apply(to: &constant, threshold: 1e3)
      #expect(relativeError(constant, expected) < 1e-5)
      var weak = plane
      shrinkage.apply(to: &weak, threshold: 1e3)
      #expect(weak.squaredNorm <= plane.squaredNorm * (1 + 1e-5))
      if shape == [48, 160] { #expect(weak.squaredNorm < 0.1 * plane.squaredNorm) }
    }
  }

  @Test(
    "wavelets of a volume give it back, and take away what varies along any axis",
    arguments: [[32, 16, 16], [37, 31, 17], [5, 48, 20], [16, 1, 40]])
  func volumes(shape: [Int]) {
    let volume = testPattern([shape[0], 2] + shape[1...])
    func shrunk(_ images: NDArray<Complex<Float>>, by threshold: Float) -> NDArray<Complex<Float>> {
      var shrinkage = WaveletThreshold(
        planes: shape[0], rows: shape[1], columns: shape[2], generator: SeededGenerator(seed: 3))
      var result = images
      shrinkage.apply(to: &result, threshold: threshold)
      return result
    }
    #expect(relativeError(shrunk(volume, by: 0), volume) < 1e-5)
    let constant = NDArray<Complex<Float>>(repeating: Complex(2, -1), shape: volume.shape)
    #expect(relativeError(shrunk(constant, by: 1e3), constant) < 1e-5)
    // Planes of alternating sign have no average; an axis that is never halved keeps them.
    let plane = 2 * shape[1] * shape[2]
    let alternating = NDArray<Complex<Float>>(
      (0..<volume.count).map { Complex($0 / plane % 2 == 0 ? 1 : -1, 0) }, shape: volume.shape)
    let rest = shrunk(alternating, by: 1e3).squaredNorm / alternating.squaredNorm
    #expect(shape[0] >= 16 ? rest < 0.2 : rest > 0.999)
  }

  @Test("a proximal map brings no two planes further apart")
  func nonexpansive() {
    let shape = [36, 45]
    var first = testPattern(shape, seed: 1), second = testPattern(shape, seed: 2)
    var difference = first
    difference.add(second, times: -1)
    let before = difference.squaredNorm
    for index in 0..<2 {
      var shrinkage = WaveletThreshold(rows: 36, columns: 45, generator: SeededGenerator(seed: 5))
      if index == 0 {
        shrinkage.apply(to: &first, threshold: 0.5)
      } else {
        shrinkage.apply(to: &second, threshold: 0.5)
      }
    }
    first.add(second, times: -1)
    #expect(first.squaredNorm < before)
  }

  @Test("a fully sampled scan without noise returns its object", arguments: SENSETests.matrices)
  func fullySampled(matrix: Extents) throws {
    let simulation = Simulation(matrix, channels: 4)
    let solution = try L1WaveletSENSE(calibration: .given(simulation.sensitivities)).solution(
      for: simulation.scan)
    #expect(relativeError(solution.images[0], simulation.object) < 1e-5)
  }

  @Test("without weight it is least squares")
  func withoutWeight() throws {
    let matrix = Extents(x: 2, y: 20, z: 17)
    let simulation = Simulation(matrix, channels: 6)
    let scan = simulation.scan.undersampled(by: scatteredMask(matrix, calibration: 6))
    let solution = try L1WaveletSENSE(
      calibration: .given(simulation.sensitivities), weight: 0, iterations: 400
    ).solution(for: scan)
    #expect(relativeError(solution.images[0], simulation.object) < 1e-2)
  }

  @Test("equal seeds give equal images")
  func reproducibility() throws {
    let matrix = Extents(x: 5, y: 32, z: 20)
    let simulation = Simulation(matrix, channels: 3, noise: 0.1)
    let scan = simulation.scan.undersampled(by: scatteredMask(matrix, calibration: 6))
    func image(seed: UInt64) throws -> NDArray<Complex<Float>> {
      try L1WaveletSENSE(calibration: .given(simulation.sensitivities), iterations: 10, seed: seed)
        .solution(for: scan).images[0]
    }
    #expect(try image(seed: 1) == image(seed: 1))
    #expect(try image(seed: 1) != image(seed: 2))
  }

  @Test func `Echoes of a head solved together are nearer the truth than each alone`() throws {
    let geometry = Geometry(matrix: Extents(x: 48, y: 60, z: 20), voxelSize: [4e-3, 3.6e-3, 6e-3])
    let clean = HeadPhantom(
      HeadAnatomy(seed: 31), geometry: geometry,
      parameters: .spoiledGradientEcho(echoTimes: [4e-3, 8e-3, 12e-3]), channels: 6, signalToNoise: .infinity
    ).scan()
    let maps = SensitivitySource.given(try ESPIRiT()(clean))
    let truth = try L1WaveletSENSE(calibration: maps).solution(for: clean)
    var scan = clean, generator = SeededGenerator(seed: 5)
    let deviation = 0.1 * Float((clean.samples.squaredNorm / Double(clean.samples.count)).squareRoot())
    scan.samples = scan.samples.map {
      $0 + Complex(deviation * Float(generator.normal()), deviation * Float(generator.normal()))
    }
    scan.noise = .whitened(standardDeviation: deviation)
    let noisy = scan.undersampled(by: scatteredMask(geometry.matrix, calibration: 8))
    let method = L1WaveletSENSE(calibration: maps, iterations: 30)
    let together = try method.solution(for: noisy)
    let ratios = try (0..<3).map { echo in
      let alone = try method.solution(for: noisy.echo(echo)).images[0]
      return scaledError(together.images[echo], truth.images[echo]) / scaledError(alone, truth.images[echo])
    }
    #expect(ratios.allSatisfy { $0 < 1 } && ratios.reduce(0, +) / 3 < 0.98, "\(ratios)")
  }

  @Test(
    "of echoes with gaps up to four neighbours are solved together, complete ones alone",
    arguments: [
      ([true, true], [0, 1]), ([true, false, true], [0, 2]), ([true, true, true, true, true], [0, 1]),
      ([false, true], [0]),
    ])
  func groups(hasGaps: [Bool], touched: [Int]) throws {
    let matrix = Extents(x: 16, y: 24, z: 16)
    let simulation = Simulation(matrix, channels: 3, echoes: hasGaps.count, noise: 0.1)
    let gaps = scatteredMask(matrix, calibration: 6),
      complete = SamplingMask(lines: matrix.y, partitions: matrix.z)
    let method = L1WaveletSENSE(calibration: .given(simulation.sensitivities), iterations: 4)
    func images(of scan: KSpace) throws -> [NDArray<Complex<Float>>] {
      let solution = try method.solution(for: scan.undersampled(by: hasGaps.map { $0 ? gaps : complete }))
      return hasGaps.indices.map { solution.images[$0] }
    }
    // What the first echo holds touches those that it is solved with, and no others.
    var other = simulation.scan
    other.samples.setPart(at: 0, to: other.samples.part(at: 0).map { $0.divided(by: 3) })
    let before = try images(of: simulation.scan), after = try images(of: other)
    #expect(hasGaps.indices.filter { before[$0] != after[$0] } == touched)
  }
}
