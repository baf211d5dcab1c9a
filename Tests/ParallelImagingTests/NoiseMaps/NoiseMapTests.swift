import MRIData
import NDArrays
import Numerics
import Operators
import TestSupport
import Testing

@testable import ParallelImaging

@Suite("Noise maps")
struct NoiseMapTests {
  static let replicas = 200

  /// The mean and the spread of the ratio of two maps where both are positive.
  private func ratio(_ first: NDArray<Float>, _ second: NDArray<Float>) -> (mean: Double, spread: Double) {
    let ratios = zip(first.elements, second.elements).filter { $0.0 > 0 && $0.1 > 0 }.map {
      Double($0.0 / $0.1)
    }
    let mean = ratios.reduce(0, +) / Double(ratios.count)
    let variance = ratios.reduce(0.0) { $0 + ($1 - mean) * ($1 - mean) } / Double(ratios.count)
    return (mean, variance.squareRoot())
  }

  // The deviation of n complex normal numbers has the relative error 1 / sqrt(4 n); over the voxels of a map, which
  // are independent but for aliases, the mean has far less.
  @Test(
    "of unfolding agree with replicas", arguments: [0, 0.05] as [Float],
    [
      (Extents(x: 2, y: 18, z: 12), 2, 1, 0), (Extents(x: 2, y: 12, z: 16), 2, 2, 1),
      (Extents(x: 9, y: 24, z: 1), 2, 1, 0),
    ])
  func unfolding(weight: Float, sampling: (matrix: Extents, dy: Int, dz: Int, shift: Int)) throws {
    let (matrix, dy, dz, shift) = sampling
    let simulation = Simulation(matrix, channels: 6, echoes: 2, noise: 0.05)
    let scan = simulation.scan.undersampled(by: UnfoldingTests.mask(matrix, dy: dy, dz: dz, shift: shift))
    let method = SENSE(calibration: .given(simulation.sensitivities), regularization: .tikhonov(weight))
    let analytic = try #require(try method.noiseMaps(for: scan))
    let measured = try PseudoReplicas(count: Self.replicas, seed: 4)(method, scan)
    #expect(analytic.source == .weights && measured.source == .replicas(Self.replicas))
    #expect(analytic.accelerations == [Double(dy * dz), Double(dy * dz)])
    let expected = 1 / Double(4 * Self.replicas).squareRoot()
    for echo in 0..<2 {
      let (mean, spread) = ratio(measured.gFactor[echo], analytic.gFactor[echo])
      #expect(abs(mean - 1) < 0.01)
      #expect(spread < 1.2 * expected)
      let smallest = analytic.gFactor[echo].elements.filter { $0 > 0 }.min() ?? 0
      #expect(weight > 0 || smallest > 0.999, "without regularisation, g is at least 1")
      let deviation = 0.05 * Float(dy * dz).squareRoot()
      #expect(
        relativeError(analytic.standardDeviation[echo], analytic.gFactor[echo].map { $0 * deviation }) < 1e-5)
    }
  }

  @Test(
    "of GRAPPA agree with replicas, also where virtual channels predict",
    arguments: [
      (Extents(x: 96, y: 128, z: 1), nil), (Extents(x: 1, y: 96, z: 80), nil),
      (Extents(x: 96, y: 128, z: 1), CoilCompression.Extent.channels(4)),
    ])
  func grappa(matrix: Extents, sources: CoilCompression.Extent?) throws {
    var scan = SmoothScan.scan(matrix, channels: 6)
    // Lines to calibrate with stand apart, so that the mask is regular and replicas keep their weights.
    var centre = SamplingMask(lines: matrix.y, partitions: matrix.z, isAcquired: false)
    for z in 0..<matrix.z where abs(z - matrix.z / 2) < 10 {
      for y in 0..<matrix.y where abs(y - matrix.y / 2) < 12 { centre[line: y, partition: z] = true }
    }
    scan.calibration = CalibrationLines(
      samples: SamplingOperator(centre)(scan.samples.part(at: 0)), mask: centre)
    // An even origin: the centre of k-space is acquired.
    let regular = scan.undersampled(
      by: UnfoldingTests.mask(matrix, dy: 2, dz: 1, origin: (matrix.y / 2 % 2, 0)))
    var noisy = regular
    noisy.noise = .whitened(standardDeviation: 1e-3)
    let method = GRAPPA(sources: sources)
    let analytic = try #require(try method.noiseMaps(for: noisy))
    let measured = try PseudoReplicas(count: Self.replicas)(method, noisy)
    let (mean, spread) = ratio(measured.gFactor[0], analytic.gFactor[0])
    // At the rim of k-space, four steps wide, neighbours lie on one side only, which the analysis does not know.
    let rim = [matrix.x, matrix.y, matrix.z].filter { $0 > 1 }.reduce(0.0) { $0 + 8 / Double($1) }
    #expect(abs(mean - 1) < 0.6 * rim)
    #expect(spread < rim)
    #expect(analytic.accelerations == [2])
  }

  @Test("of GRAPPA refer to one noise level, also where it is estimated")
  func estimatedNoise() throws {
    let full = Simulation(Extents(x: 32, y: 40, z: 1), channels: 4, noise: 0.05).scan
    var mask = SamplingMask(lines: 40, partitions: 1, isAcquired: false)
    for line in 0..<40 where line % 2 == 0 || (12..<28).contains(line) {
      mask[line: line, partition: 0] = true
    }
    var scan = full.undersampled(by: mask)
    scan.noise = .unknown
    let maps = try #require(try GRAPPA().noiseMaps(for: scan))
    let deviation = scan.noiseDeviation * Float(2).squareRoot()
    #expect(maps.accelerations == [2])
    #expect(relativeError(maps.standardDeviation[0], maps.gFactor[0].map { $0 * deviation }) < 1e-5)
  }

  @Test("of a fully sampled scan, and of its Fourier transform alone, are 1")
  func fullySampled() throws {
    let matrix = Extents(x: 5, y: 11, z: 6)
    let simulation = Simulation(matrix, channels: 3, noise: 0.1)
    for method in [ZeroFilled(), SENSE(calibration: .given(simulation.sensitivities))] as [any Reconstruction]
    {
      let maps = try PseudoReplicas(count: 100)(method, simulation.scan)
      let (mean, spread) = ratio(maps.gFactor[0], maps.gFactor[0].map { _ in 1 })
      #expect(abs(mean - 1) < 0.02 && spread < 0.07)
    }
  }

  @Test("equal seeds give equal maps")
  func reproducibility() throws {
    let matrix = Extents(x: 3, y: 12, z: 8)
    let simulation = Simulation(matrix, channels: 4, noise: 0.1)
    let scan = simulation.scan.undersampled(by: scatteredMask(matrix, calibration: 2))
    let method = SENSE(calibration: .given(simulation.sensitivities))
    func maps(_ seed: UInt64) throws -> NDArray<Float> {
      try PseudoReplicas(count: 3, seed: seed)(method, scan).gFactor[0]
    }
    #expect(try maps(1) == maps(1))
    #expect(try maps(1) != maps(2))
    #expect(try SENSE(calibration: .given(simulation.sensitivities)).noiseMaps(for: scan) == nil)
  }
}
