import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators
import TestSupport
import Testing

@testable import ParallelImaging

@Suite("Exact unfolding")
struct UnfoldingTests {
  /// A regular mask: every `dy`-th line of every `dz`-th partition, shifted from one to the next.
  static func mask(_ matrix: Extents, dy: Int, dz: Int, shift: Int = 0, origin: (Int, Int) = (0, 0))
    -> SamplingMask
  {
    var mask = SamplingMask(lines: matrix.y, partitions: matrix.z, isAcquired: false)
    for (row, z) in stride(from: origin.1, to: matrix.z + origin.1, by: dz).enumerated() {
      for y in stride(from: origin.0 + row * shift, to: matrix.y + origin.0 + row * shift, by: dy) {
        mask[line: y % matrix.y, partition: z % matrix.z] = true
      }
    }
    return mask
  }

  // Two per axis: along one axis, the sensitivities of the simulation are combinations of two functions.
  static let cases: [(Extents, SamplingMask)] = [
    (Extents(x: 3, y: 12, z: 8), mask(Extents(x: 3, y: 12, z: 8), dy: 2, dz: 1, origin: (1, 0))),
    (Extents(x: 2, y: 12, z: 8), mask(Extents(x: 2, y: 12, z: 8), dy: 2, dz: 2, origin: (1, 1))),
    (Extents(x: 2, y: 9, z: 14), mask(Extents(x: 2, y: 9, z: 14), dy: 1, dz: 2)),
    (Extents(x: 2, y: 12, z: 9), mask(Extents(x: 2, y: 12, z: 9), dy: 3, dz: 1, shift: 1, origin: (2, 0))),
    (Extents(x: 1, y: 8, z: 16), mask(Extents(x: 1, y: 8, z: 16), dy: 2, dz: 2, shift: 1)),
    (Extents(x: 7, y: 22, z: 1), mask(Extents(x: 7, y: 22, z: 1), dy: 2, dz: 1, origin: (1, 0))),
    (Extents(x: 7, y: 1, z: 10), mask(Extents(x: 7, y: 1, z: 10), dy: 1, dz: 2)),
  ]

  @Test("gives what conjugate gradients give", arguments: cases.indices, [0, 0.01] as [Float])
  func equalsConjugateGradients(index: Int, weight: Float) throws {
    let (matrix, mask) = Self.cases[index]
    let simulation = Simulation(matrix, channels: 8, noise: 0.05)
    let scan = simulation.scan.undersampled(by: mask)
    func solution(_ solver: SENSE.Solver) throws -> SENSESolution {
      try SENSE(
        calibration: .given(simulation.sensitivities), regularization: .tikhonov(weight), solver: solver,
        iterations: 3000, tolerance: 1e-7
      ).solution(for: scan)
    }
    let exact = try solution(.automatic), iterated = try solution(.conjugateGradients)
    #expect(exact.isUnfolded == [true] && iterated.isUnfolded == [false])
    #expect(relativeError(exact.images[0], iterated.images[0]) < 1e-4)
    // Without regularisation, an undersampled scan still tells its object, but for the noise.
    let error = relativeError(exact.images[0], simulation.object)
    #expect(error < 1, "\(error)")
  }

  @Test("is what SENSE does of itself with a regular mask, about as well as with the best fixed weight")
  func automatic() throws {
    let matrix = Extents(x: 4, y: 32, z: 24)
    let simulation = Simulation(matrix, channels: 6, noise: 0.7)
    let scan = simulation.scan.undersampled(by: Self.mask(matrix, dy: 2, dz: 2, shift: 1))
    func solution(_ regularization: SENSE.Regularization) throws -> SENSESolution {
      try SENSE(calibration: .given(simulation.sensitivities), regularization: regularization).solution(
        for: scan)
    }
    func error(_ solution: SENSESolution) -> Double { relativeError(solution.images[0], simulation.object) }
    let own = try solution(.automatic)
    #expect(own.isUnfolded == [true])
    let best = try [0, 0.003, 0.01, 0.03, 0.1, 0.3].map { try error(solution(.tikhonov($0))) }.min() ?? 0
    #expect(error(own) < 1.1 * best)
    #expect(try SENSE(calibration: .given(simulation.sensitivities)).noiseMaps(for: scan)?.source == .weights)
  }

  @Test("masks that are no lattices, or do not close over the grid, are not unfolded")
  func otherMasks() {
    func lattice(_ mask: SamplingMask) -> SamplingLattice? {
      let flags = mask.isAcquired.elements
      return SamplingLattice(
        flags.indices.filter { flags[$0] }, lines: mask.lines, partitions: mask.partitions)
    }
    let matrix = Extents(x: 1, y: 12, z: 8)
    #expect(lattice(Self.mask(matrix, dy: 3, dz: 1))?.acceleration == 3)
    #expect(lattice(SamplingMask(lines: 12, partitions: 8))?.acceleration == 1)
    var broken = Self.mask(matrix, dy: 2, dz: 2)
    broken[line: 1, partition: 1] = true
    #expect(lattice(broken) == nil)
    broken[line: 1, partition: 1] = false
    broken[line: 4, partition: 4] = false
    #expect(lattice(broken) == nil)
    #expect(lattice(Self.mask(Extents(x: 1, y: 13, z: 8), dy: 3, dz: 1)) == nil)
    // A shift that does not close: 8 partitions of shift 1 against steps of 3 lines.
    #expect(lattice(Self.mask(matrix, dy: 3, dz: 1, shift: 1)) == nil)
    #expect(lattice(SamplingMask(lines: 12, partitions: 8, isAcquired: false)) == nil)
    // Calibration lines beside the lattice are no part of it.
    var calibrated = Self.mask(matrix, dy: 3, dz: 1)
    for z in 3..<6 { for y in 4..<9 { calibrated[line: y, partition: z] = true } }
    #expect(lattice(calibrated) == nil)
    #expect(SamplingLattice(calibrated, outside: calibrated.calibrationRegion)?.acceleration == 3)
  }

  @Test("conjugate gradients give the dense system's solution on 8^3")
  func denseSolution() throws {
    let matrix = Extents(x: 8, y: 8, z: 8)
    let simulation = Simulation(matrix, channels: 5, noise: 0.1)
    let mask = scatteredMask(matrix, calibration: 2)
    let scan = simulation.scan.undersampled(by: mask)
    let solution = try SENSE(
      calibration: .given(simulation.sensitivities), regularization: .tikhonov(0.01), iterations: 500,
      tolerance: 1e-8
    ).solution(for: scan)
    let model =
      SamplingOperator(mask) * FourierOperator(shape: matrix.shape)
      * SensitivityOperator(simulation.sensitivities)
    let order = matrix.count
    var system = [Complex<Double>](repeating: .zero, count: order * order)
    for column in 0..<order {
      var unit = NDArray<Complex<Float>>(repeating: .zero, shape: matrix.shape)
      unit.withUnsafeMutableBufferPointer { $0[column] = 1 }
      for (row, value) in model.gram(unit).elements.enumerated() {
        system[row * order + column] = Complex(Double(value.real), Double(value.imaginary))
      }
      system[column * order + column].real += 0.01
    }
    var right = model.adjoint(scan.samples.part(at: 0)).elements.map {
      Complex(Double($0.real), Double($0.imaginary))
    }
    // Gauss's elimination; a positive-definite system needs no pivoting.
    for pivot in 0..<order {
      for row in pivot + 1..<order where system[row * order + pivot] != .zero {
        let factor = system[row * order + pivot] / system[pivot * order + pivot]
        for column in pivot..<order {
          system[row * order + column] -= factor * system[pivot * order + column]
        }
        right[row] -= factor * right[pivot]
      }
    }
    for row in (0..<order).reversed() {
      for column in row + 1..<order { right[row] -= system[row * order + column] * right[column] }
      right[row] /= system[row * order + row]
    }
    let dense = NDArray(right.map { Complex(Float($0.real), Float($0.imaginary)) }, shape: matrix.shape)
    #expect(relativeError(solution.images[0], dense) < 1e-4)
  }

  @Test("voxels without sensitivity are zero, and folds that channels cannot part are finite")
  func singular() throws {
    let matrix = Extents(x: 2, y: 12, z: 8)
    var simulation = Simulation(matrix, channels: 2)
    simulation.sensitivities.maps[0, 3, 5, 1] = .zero
    simulation.sensitivities.maps[1, 3, 5, 1] = .zero
    let scan = simulation.scan.undersampled(by: Self.mask(matrix, dy: 3, dz: 2))
    let image = try SENSE(calibration: .given(simulation.sensitivities), regularization: .tikhonov(0))
      .solution(for: scan).images[0]
    #expect(image[3, 5, 1] == .zero)
    #expect(image.elements.allSatisfy { $0.isFinite })
  }
}
