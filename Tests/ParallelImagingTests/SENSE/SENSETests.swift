import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators
import TestSupport
import Testing

@testable import ParallelImaging

@Suite("SENSE")
struct SENSETests {
  static let matrices = [
    Extents(x: 8, y: 8, z: 8), Extents(x: 5, y: 11, z: 7), Extents(x: 1, y: 13, z: 6),
    Extents(x: 9, y: 16, z: 1),
  ]

  @Test("the operators of a plane have their adjoints", arguments: matrices)
  func adjoints(matrix: Extents) {
    let shape = [matrix.z, matrix.y]
    let transform = FourierTransform(shape: shape)
    let flags = scatteredMask(matrix, calibration: 2).isAcquired.elements
    let model = PlaneModel(
      maps: testPattern([3] + shape), positions: flags.indices.filter { flags[$0] }, transform: transform)
    let penalty = SpectralPenalty(
      weights: testPattern(shape, seed: 5).map { abs($0.real) }, transform: transform)
    let stack = StackedOperator(first: model, second: penalty)
    let image = testPattern(shape, seed: 2), other = testPattern(shape, seed: 4)
    let samples = StackedVector(first: testPattern([3, flags.count { $0 }], seed: 3), second: other)
    let tolerance = 1e-5 * Double(matrix.count)

    #expect((model(image).dot(samples.first) - image.dot(model.adjoint(samples.first))).length < tolerance)
    #expect((penalty(image).dot(other) - image.dot(penalty.adjoint(other))).length < tolerance)
    #expect((stack(image).dot(samples) - image.dot(stack.adjoint(samples))).length < tolerance)
    #expect(relativeError(model.gram(image), model.adjoint(model(image))) < 1e-5)
    #expect(relativeError(stack.gram(image), stack.adjoint(stack(image))) < 1e-5)
  }

  @Test("a fully sampled scan without noise returns its object and its channels", arguments: matrices)
  func fullySampled(matrix: Extents) throws {
    let simulation = Simulation(matrix, channels: 4, echoes: 2)
    let method = SENSE(calibration: .given(simulation.sensitivities))
    let solution = try method.solution(for: simulation.scan)
    #expect(relativeError(solution.images[0], simulation.object) < 1e-5)
    #expect(relativeError(solution.images[1], simulation.object.map { $0.divided(by: 2) }) < 1e-5)
    let images = try method(simulation.scan), truth = ZeroFilled()(simulation.scan)
    for channel in 0..<4 {
      #expect(relativeError(try images.channel(channel), try truth.channel(channel)) < 1e-5)
    }
  }

  @Test("the planes' solution is that of the whole volume's normal equations", arguments: matrices)
  func normalEquations(matrix: Extents) throws {
    let simulation = Simulation(matrix, channels: 4, noise: 0.05)
    let mask = scatteredMask(matrix, calibration: 2)
    let scan = simulation.scan.undersampled(by: mask)
    let method = SENSE(
      calibration: .given(simulation.sensitivities), regularization: .tikhonov(0.02), iterations: 200,
      tolerance: 1e-6)
    let image = try method.solution(for: scan).images[0]
    let model =
      SamplingOperator(mask) * FourierOperator(shape: matrix.shape)
      * SensitivityOperator(simulation.sensitivities)
    let rightHandSide = model.adjoint(scan.samples.part(at: 0))
    var residual = model.gram(image)
    residual.add(image, times: 0.02)
    residual.add(rightHandSide, times: -1)
    #expect((residual.squaredNorm / rightHandSide.squaredNorm).squareRoot() < 1e-5)
  }

  @Test("a phase moved between sensitivities and image leaves the channels as they are")
  func phaseInvariance() throws {
    let matrix = Extents(x: 3, y: 15, z: 10)
    let simulation = Simulation(matrix, channels: 4, noise: 0.02)
    let scan = simulation.scan.undersampled(by: scatteredMask(matrix, calibration: 4))
    var turned = simulation.sensitivities
    let phases = testPattern(matrix.shape, seed: 7).map { Complex<Float>(length: 1, phase: 3 * $0.real) }
    for channel in 0..<4 {
      turned.maps.setPart(
        at: channel,
        to: NDArray(
          zip(turned.maps.part(at: channel).elements, phases.elements).map { $0 * $1 }, shape: matrix.shape))
    }
    func images(_ maps: CoilSensitivities) throws -> NDArray<Complex<Float>> {
      let method = SENSE(
        calibration: .given(maps), regularization: .tikhonov(0.01), iterations: 100, tolerance: 1e-6)
      return try method(scan).channel(2)
    }
    #expect(relativeError(try images(turned), try images(simulation.sensitivities)) < 1e-4)
  }

  @Test("every echo has its own mask")
  func masksPerEcho() throws {
    let matrix = Extents(x: 2, y: 20, z: 12)
    let simulation = Simulation(matrix, channels: 6, echoes: 2)
    var scan = simulation.scan
    for echo in 0..<2 {
      let mask = scatteredMask(matrix, calibration: 6, seed: UInt64(echo + 1))
      scan.masks[echo] = mask
      scan.samples.setPart(at: echo, to: SamplingOperator(mask)(scan.samples.part(at: echo)))
    }
    let method = SENSE(
      calibration: .given(simulation.sensitivities), regularization: .tikhonov(0), iterations: 200,
      tolerance: 1e-6)
    let solution = try method.solution(for: scan)
    #expect(relativeError(solution.images[0], simulation.object) < 1e-3)
    #expect(relativeError(solution.images[1], simulation.object.map { $0.divided(by: 2) }) < 1e-3)
  }

  @Test("noise is weighed against the object: the automatic choice is near the best fixed weight, or better")
  func automaticRegularization() throws {
    let matrix = Extents(x: 4, y: 32, z: 24)
    let simulation = Simulation(matrix, channels: 4, noise: 1)
    let scan = simulation.scan.undersampled(by: scatteredMask(matrix, calibration: 6))
    func error(_ regularization: SENSE.Regularization) throws -> Double {
      let method = SENSE(
        calibration: .given(simulation.sensitivities), regularization: regularization, iterations: 100)
      return relativeError(try method.solution(for: scan).images[0], simulation.object)
    }
    let best = try [0, 0.01, 0.03, 0.1, 0.3, 1].map { try error(.tikhonov($0)) }.min() ?? 0
    #expect(try error(.automatic) < 1.05 * best)
  }
}
