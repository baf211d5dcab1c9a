import LinearAlgebra
import MRIData
import NDArrays
import Numerics
import Operators
import TestSupport
import Testing

@Suite("Conjugate gradients")
struct ConjugateGradientTests {
  private let matrix = Extents(x: 3, y: 5, z: 2)

  @Test("find the solution that a dense solver finds", arguments: [0, 0.3])
  func equalsDenseSolution(damping: Double) throws {
    let model = model(matrix, channels: 4), unknowns = matrix.count
    let measurement = testPattern([4] + matrix.shape, seed: 9)

    // The columns of the model, one unit image each.
    let columns = (0..<unknowns).map { index in
      var unit = Samples(repeating: .zero, shape: matrix.shape)
      unit.withUnsafeMutableBufferPointer { $0[index] = 1 }
      return model(unit)
    }
    var normal = NDArray<Complex<Double>>(repeating: .zero, shape: [unknowns, unknowns])
    for row in 0..<unknowns {
      for column in 0..<unknowns { normal[row, column] = columns[row].dot(columns[column]) }
      normal[row, row] += Complex(damping, 0)
    }
    // (L L^H)^(-1) b = W^H W b with W = L^(-1).
    let inverse = try inverseOfLowerTriangle(choleskyFactor(of: normal))
    let rightHandSide = columns.map { $0.dot(measurement) }
    let forward = (0..<unknowns).map { row in
      (0..<unknowns).reduce(Complex<Double>.zero) { $0 + inverse[row, $1] * rightHandSide[$1] }
    }
    let expected = (0..<unknowns).map { row in
      (0..<unknowns).reduce(Complex<Double>.zero) { $0 + inverse[$1, row].conjugate * forward[$1] }
    }

    let solution = conjugateGradients(model, measurement, damping: damping, tolerance: 1e-6, iterations: 100)
    #expect(solution.isConverged)
    let reference = Samples(
      expected.map { Complex(Float($0.real), Float($0.imaginary)) }, shape: matrix.shape)
    // The residual's tolerance times the condition number, which is below 100 here.
    #expect(relativeError(solution.value, reference) < 1e-4)
  }

  @Test("say how they fared")
  func diagnostics() throws {
    let model = model(matrix, channels: 4)
    let measurement = testPattern([4] + matrix.shape, seed: 9)
    let brief = conjugateGradients(model, measurement, tolerance: 1e-6, iterations: 2)
    #expect(brief.iterations == 2 && brief.residuals.count == 3)
    #expect(brief.residuals[0] == 1)
    #expect(!brief.isConverged)

    let long = conjugateGradients(model, measurement, tolerance: 1e-3, iterations: 100)
    #expect(long.isConverged && long.iterations < 100)
    #expect(try #require(long.residuals.last) <= 1e-3)
    #expect(Array(long.residuals.prefix(3)) == brief.residuals)
    // What is reported is the residual of the equations, not only the recurrence's idea of it.
    var residual = model.adjoint(measurement)
    let start = residual.squaredNorm
    residual.add(model.gram(long.value), times: -1)
    #expect(abs((residual.squaredNorm / start).squareRoot() - long.residuals[long.iterations]) < 1e-5)
  }

  @Test("find zero for a measurement of zero, and stop at once")
  func zeroMeasurement() {
    let zero = Samples(repeating: .zero, shape: [4] + matrix.shape)
    let solution = conjugateGradients(model(matrix, channels: 4), zero)
    #expect(solution.iterations == 0 && solution.isConverged)
    #expect(solution.value == Samples(repeating: .zero, shape: matrix.shape))
  }

  @Test(
    "need one step per distinct eigenvalue",
    arguments: [[1], [1, 2], [1, 2, 3], [2, 3, 4, 5]] as [[Float]])
  func finiteTermination(sensitivities: [Float]) {
    let image = testPattern(matrix.shape)
    let values = (0..<matrix.count).map { Complex(sensitivities[$0 % sensitivities.count], 0) }
    let maps = CoilSensitivities(
      NDArray(values, shape: [1] + matrix.shape), geometry: Geometry(matrix: matrix, voxelSize: .one))
    let model = FourierOperator(shape: matrix.shape) * SensitivityOperator(maps)
    let solution = conjugateGradients(model, model(image), tolerance: 1e-4)
    #expect(solution.iterations == sensitivities.count)
    #expect(solution.isConverged)
    #expect(relativeError(solution.value, image) < 1e-3)
  }
}
