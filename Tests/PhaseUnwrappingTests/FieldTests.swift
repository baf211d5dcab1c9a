import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@testable import PhaseUnwrapping

@Suite("Field")
struct FieldTests {
  private static let times = [0.0033, 0.0064, 0.0095, 0.0126]

  /// A root mean square of few residuals has its median below it, and a slice has no cubes.
  @Test("the noise of a field is that of replicas, whatever the number of echoes", arguments: [2, 3, 5])
  func noiseLevel(echoes: Int) throws {
    let matrix = Extents(x: 40, y: 40, z: 8), times = (0..<echoes).map { 0.004 + 0.005 * Double($0) }
    var generator = SeededGenerator(seed: 8)
    let phase = NDArray<Float>(
      (0..<echoes * matrix.count).map { _ in 0.05 * Float(generator.normal()) },
      shape: [echoes] + matrix.shape)
    let magnitude = phase.map { _ in Float(1) }
    let fit = try PhaseFit(hasIntercept: false)(phase, echoTimes: times, magnitude: magnitude)
    let noise = try #require(fit.noise).elements.sorted()[matrix.count / 2]
    let scatter = (fit.field.elements.reduce(0) { $0 + $1 * $1 } / Float(matrix.count)).squareRoot()
    #expect(abs(noise / scatter - 1) < 0.05, "\(noise), \(scatter)")
  }

  @Test("a slice and a line tell the noise of a field as a volume does")
  func thinFields() {
    for shape in [[20, 30, 40], [1, 120, 200], [120, 1, 200], [1, 1, 20_000]] {
      let count = shape.reduce(1, *)
      var generator = SeededGenerator(seed: 9)
      let field = NDArray<Float>(
        (0..<count).map { 0.001 * Float($0 % 40) + 2 * Float(generator.normal()) }, shape: shape)
      let found = FieldDeviation.estimate(field, mask: field.map { _ in 1 }.map { $0 == 1 })
      #expect(abs(found / 2 - 1) < 0.05, "\(shape): \(found)")
    }
  }

  /// Zeros around it are no evidence: inversions work on enlarged grids.
  @Test("so does a slice in the middle of nothing, whichever way it lies", arguments: [0, 1, 2])
  func thinMasks(axis: Int) {
    var shape = [100, 100, 100]
    shape[axis] = 3
    let step = shape[(axis + 1)...].reduce(1, *)
    var generator = SeededGenerator(seed: 10)
    let isInside = (0..<30_000).map { $0 / step % 3 == 1 }
    let field = isInside.map { $0 ? 0.5 * Float(generator.normal()) : 0 }
    let found = FieldDeviation.estimate(NDArray(field, shape: shape), mask: NDArray(isInside, shape: shape))
    #expect(abs(found / 0.5 - 1) < 0.05, "\(found)")
  }

  @Test("a wrapped field map is unwrapped by multiples of its period alone", arguments: PhaseVolumes.matrices)
  func fieldMap(matrix: Extents) throws {
    let period = 322.6
    let truth = PhaseVolumes.smooth(matrix).map { Float(period) * $0 / turn }
    let wrapped = truth.map { $0 - Float(period) * ($0 / Float(period)).rounded() }
    let geometry = Geometry(matrix: matrix, voxelSize: [1e-3, 1e-3, 2e-3])
    let noise = ImageVolumes(NDArray<Float>(repeating: 2, shape: matrix.shape), geometry: geometry)
    let result = try FieldUnwrapping()(
      ImageVolumes(wrapped, geometry: geometry), period: period, noise: noise)
    #expect(PhaseVolumes.distance(result[0], truth) < Float(period) * 1e-4)
    for (value, original) in zip(result[0].elements, wrapped.elements) {
      let turns = (value - original) / Float(period)
      #expect(abs(turns - turns.rounded()) < 1e-4)
      if turns.rounded() == 0 { #expect(value == original) }
    }
  }

  @Test(
    "a fit returns the line that the phases lie on, with every weight", arguments: PhaseFit.Weights.allCases)
  func line(weights: PhaseFit.Weights) throws {
    let matrix = Extents(x: 7, y: 5, z: 3)
    let slope = PhaseVolumes.smooth(matrix).map { 20 * $0 }
    for hasIntercept in [false, true] {
      var phase = NDArray<Float>(repeating: 0, shape: [4] + matrix.shape), magnitude = phase
      for (echo, time) in Self.times.enumerated() {
        phase.setPart(at: echo, to: slope.map { (hasIntercept ? 0.7 : 0) + turn * $0 * Float(time) })
        magnitude.setPart(at: echo, to: slope.map { abs($0) + Float(5 - echo) })
      }
      let fit = PhaseFit(hasIntercept: hasIntercept, weights: weights)
      let result = try fit(phase, echoTimes: Self.times, magnitude: magnitude)
      #expect(relativeError(result.field, slope) < 1e-5)
      #expect((result.misfit.elements.max() ?? 1) < 1e-4)
    }
  }

  @Test("the weights m TE are ROMEO's average of phi / TE")
  func averages() throws {
    let phase = NDArray<Float>([0.3, 0.7, 0.8, 1.4], shape: [4, 1, 1, 1])
    let magnitude = NDArray<Float>([5, 4, 2, 1], shape: [4, 1, 1, 1])
    let fit = PhaseFit(hasIntercept: false, weights: .phaseSNR)
    let result = try fit(phase, echoTimes: Self.times, magnitude: magnitude).field[0, 0, 0]
    var sum = 0.0, weight = 0.0
    for echo in 0..<4 {
      sum +=
        Double(phase.elements[echo]) / Self.times[echo] * Double(magnitude.elements[echo]) * Self.times[echo]
      weight += Double(magnitude.elements[echo]) * Self.times[echo]
    }
    #expect(abs(Double(result) - sum / weight / (2 * .pi)) < 1e-4)
  }

  @Test("the stated noise is that of repeated measurements, from the images' noise or from the misfit")
  func noise() throws {
    let matrix = Extents(x: 32, y: 32, z: 8), sigma = 0.03
    var random = SeededGenerator(seed: 5)
    var phase = NDArray<Float>(repeating: 0, shape: [4] + matrix.shape), magnitude = phase
    for (echo, time) in Self.times.enumerated() {
      let size = Double.exp(-20 * time)
      phase.setPart(
        at: echo,
        to: NDArray(
          (0..<matrix.count).map { _ in Float(sigma / size * Self.normal(&random)) }, shape: matrix.shape))
      magnitude.setPart(at: echo, to: NDArray(repeating: Float(size), shape: matrix.shape))
    }
    for known in [sigma, nil] {
      let result = try PhaseFit()(phase, echoTimes: Self.times, magnitude: magnitude, sigma: known)
      let field = result.field.elements
      let spread = (field.reduce(0) { $0 + Double($1 * $1) } / Double(field.count)).squareRoot()
      let stated = Double(result.noise?.elements[0] ?? 0)
      // 8192 voxels tell a standard deviation to 0.8 %, and the median of the misfit that of the images to 1 %.
      #expect(abs(stated / spread - 1) < (known == nil ? 0.05 : 0.03), "\(stated) and \(spread)")
    }
  }

  @Test("the misfit tells the noise, however few degrees of freedom it has", arguments: [2, 3, 5, 8])
  func noiseOfFewEchoes(echoes: Int) throws {
    let count = 16_384, times = (0..<echoes).map { 0.004 + 0.005 * Double($0) }
    var random = SeededGenerator(seed: 7)
    let phase = NDArray(
      (0..<echoes * count).map { _ in Float(0.03 * Self.normal(&random)) }, shape: [echoes, 16, 32, 32])
    let result = try PhaseFit(hasIntercept: false)(
      phase, echoTimes: times, magnitude: phase.map { _ in Float(1) })
    let square = result.field.elements.reduce(0) { $0 + Double($1 * $1) }
    let stated = Double(try #require(result.noise).elements[0])
    #expect(abs(stated / (square / Double(count)).squareRoot() - 1) < 0.05, "\(stated)")
  }

  @Test("the scatter of a single slice tells its noise, whichever way it lies", arguments: [0, 1, 2])
  func scatterOfASlice(axis: Int) {
    var random = SeededGenerator(seed: 9), shape = [100, 100, 100]
    shape[axis] = 3
    // The slice lies in the middle of zeros, as on the grids that inversions work on.
    let step = shape[(axis + 1)...].reduce(1, *)
    let isInside = (0..<30_000).map { $0 / step % 3 == 1 }
    let field = isInside.map { $0 ? Float(0.5 * Self.normal(&random)) : 0 }
    let deviation = FieldDeviation.estimate(
      NDArray(field, shape: shape), mask: NDArray(isInside, shape: shape))
    #expect(abs(deviation / 0.5 - 1) < 0.05, "\(deviation)")
  }

  private static func normal(_ random: inout SeededGenerator) -> Double {
    let radius = (-2 * Double.log(Double.random(in: 1e-12...1, using: &random))).squareRoot()
    return radius * Double.cos(2 * .pi * Double.random(in: 0...1, using: &random))
  }

  @Test("echo times that do not fit are refused")
  func refusals() {
    let phase = NDArray<Float>(repeating: 1, shape: [2, 2, 2, 2])
    for times in [[], [0.004], [0.008, 0.004], [-0.004, 0.004]] {
      #expect(throws: (any Error).self) { try PhaseFit()(phase, echoTimes: times) }
    }
    let single = NDArray<Float>(repeating: 1, shape: [1, 2, 2, 2])
    #expect(throws: (any Error).self) { try PhaseFit()(single, echoTimes: [0.01]) }
    #expect(throws: Never.self) { try PhaseFit(hasIntercept: false)(single, echoTimes: [0.01]) }
  }

  @Test(
    "a smooth offset is taken out, and of alternating readouts the other phase too", arguments: [false, true])
  func offset(alternates: Bool) throws {
    let matrix = Extents(x: 40, y: 32, z: 12)
    let field = NDArray(
      (0..<matrix.count).map { index -> Float in
        let x = Float(index % matrix.x) / 40, y = Float(index / matrix.x % matrix.y) / 32
        return 60 * x * x - 40 * y + 15
      }, shape: matrix.shape)
    var echoes = NDArray<Complex<Float>>(repeating: .zero, shape: [4] + matrix.shape)
    for (echo, time) in Self.times.enumerated() {
      let values = field.elements.enumerated().map { index, hertz -> Complex<Float> in
        let x = Float(index % matrix.x) / 40
        let readout: Float = alternates && echo % 2 == 1 ? 0.3 + 0.2 * x : 0
        return Complex(length: 2, phase: turn * hertz * Float(time) + 1.1 + 0.4 * x + readout)
      }
      echoes.setPart(at: echo, to: NDArray(values, shape: matrix.shape))
    }
    let method = PhaseOffset(smoothing: [3, 3, 2])
    let result = try method(echoes, echoTimes: Self.times, alternates: alternates)
    // What is left at TE = 0: the fields of the four echoes agree with the truth, each by itself.
    let phase = try ROMEO()(result.map(\.phase), echoTimes: Self.times)
    let inside = NDArray(
      (0..<matrix.count).map { (8..<32).contains($0 % 40) && (8..<24).contains($0 / 40 % 32) },
      shape: matrix.shape)
    for (echo, time) in Self.times.enumerated() {
      let error = zip(phase.part(at: echo).elements, field.elements).enumerated()
        .filter { inside.elements[$0.offset] }.map { abs($0.element.0 - turn * $0.element.1 * Float(time)) }
      #expect((error.max() ?? 9) < 0.12, "echo \(echo)")
    }
  }
}
