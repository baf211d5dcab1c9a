import MRIData
import NDArrays
import Numerics

/// Exact SENSE for regular masks: each set of voxels that fold onto each other is a small system of its own.
///
/// ```
/// (S^H S / R + lambda) v = S^H a        a: the folded image of every channel; order: aliases of a voxel
/// ```
///
/// which are the normal equations that conjugate gradients approach. Voxels without sensitivity are zero and leave
/// the system. Systems that sensitivities cannot separate are damped by a millionth of their largest diagonal
/// element, so that nothing is ever divided by rounding errors.
///
/// The variance of a voxel, in units of that of a sample, follows from the same inverse `M`:
/// `M (S^H S / R) M = M - lambda M^2`.
///
/// - SeeAlso: K. P. Pruessmann et al., "SENSE: sensitivity encoding for fast MRI", Magn. Reson. Med. 42(5):952-962,
///   1999, doi:10.1002/(SICI)1522-2594(199911)42:5<952::AID-MRM16>3.0.CO;2-S.
struct Unfolding: Sendable {
  let lattice: SamplingLattice
  let damping: Double

  private static let smallestDamping = 1e-6

  /// The image of a plane.
  func image(of plane: SENSEPlane) -> NDArray<Complex<Float>> {
    var image = plane.model.adjoint(plane.samples)
    image.withUnsafeMutableBufferPointer { image in
      forEachSystem(of: plane.model) { system, unknowns, _ in
        for (row, unknown) in unknowns.enumerated() {
          let value = image[unknown]
          system.right[row] = Complex(Double(value.real), Double(value.imaginary))
        }
        system.solve(unknowns.count)
        for (row, unknown) in unknowns.enumerated() {
          let value = system.right[row]
          image[unknown] = Complex(Float(value.real), Float(value.imaginary))
        }
      }
    }
    // Voxels without sensitivity were zero in the adjoint already.
    return image
  }

  /// The standard deviation of each voxel's noise, seen through sensitivities of unit length, per unit of a sample's.
  func noise(of model: PlaneModel) -> NDArray<Float> {
    var noise = NDArray<Float>(repeating: 0, shape: model.imageShape)
    noise.withUnsafeMutableBufferPointer { noise in
      forEachSystem(of: model) { system, unknowns, damping in
        let powers = unknowns.indices.map { system.matrix[$0 * unknowns.count + $0].real - damping }
        system.factor(unknowns.count)
        for (row, unknown) in unknowns.enumerated() {
          for element in unknowns.indices { system.right[element] = element == row ? 1 : .zero }
          system.substitute(unknowns.count)
          let square = unknowns.indices.reduce(0.0) { $0 + system.right[$1].lengthSquared }
          let variance = max(system.right[row].real - damping * square, 0)
          noise[unknown] = Float((variance * powers[row] * Double(lattice.acceleration)).squareRoot())
        }
      }
    }
    return noise
  }

  /// Calls a closure with the system of each set of aliases, and the offsets of its unknowns in an image.
  private func forEachSystem(
    of model: PlaneModel, _ body: (SmallSystem, _ unknowns: [Int], _ damping: Double) -> Void
  ) {
    let sets = model.maps.shape[0], channels = model.channels, voxels = lattice.lines * lattice.partitions
    let scale = 1 / Double(lattice.acceleration)
    let phases = lattice.aliases.map { alias in
      let turns =
        Double(lattice.origin.line * alias.line) / Double(lattice.lines)
        + Double(lattice.origin.partition * alias.partition) / Double(lattice.partitions)
      return Complex<Double>(length: 1, phase: 2 * .pi * (turns - turns.rounded()))
    }
    let largest = sets * lattice.acceleration
    withUnsafeTemporaryAllocation(of: Complex<Double>.self, capacity: largest * (largest + 1)) { memory in
      guard let start = memory.baseAddress else { return }
      memory.initialize(repeating: .zero)
      let system = SmallSystem(matrix: start, right: start + largest * largest)
      model.maps.withUnsafeBufferPointer { maps in
        var isDone = [Bool](repeating: false, count: voxels)
        for voxel in 0..<voxels where !isDone[voxel] {
          var unknowns: [Int] = [], turns: [Complex<Double>] = [], offsets: [Int] = []
          for (index, alias) in lattice.aliases.enumerated() {
            let y = (voxel % lattice.lines + alias.line) % lattice.lines
            let z = (voxel / lattice.lines + alias.partition) % lattice.partitions
            let other = z * lattice.lines + y
            isDone[other] = true
            for set in 0..<sets {
              let first = set * channels * voxels + other
              var channel = 0
              while channel < channels, maps[first + channel * voxels] == .zero { channel += 1 }
              guard channel < channels else { continue }
              unknowns.append(set * voxels + other)
              offsets.append(first)
              turns.append(phases[index])
            }
          }
          guard !unknowns.isEmpty else { continue }
          let order = unknowns.count
          var diagonal = 0.0
          for row in 0..<order {
            for column in 0...row {
              var product = Complex<Double>.zero
              for channel in 0..<channels {
                let a = maps[offsets[row] + channel * voxels], b = maps[offsets[column] + channel * voxels]
                let value = a.conjugate * b
                product += Complex(Double(value.real), Double(value.imaginary))
              }
              product *= turns[row] * turns[column].conjugate
              system.matrix[row * order + column] = Complex(
                product.real * scale, product.imaginary * scale)
              if row == column { diagonal = max(diagonal, product.real * scale) }
            }
          }
          let damping = max(damping, Self.smallestDamping * diagonal)
          for row in 0..<order { system.matrix[row * order + row].real += damping }
          body(system, unknowns, damping)
        }
      }
    }
  }
}

/// A Hermitian positive-definite system of a few unknowns, in double precision.
struct SmallSystem {
  /// The lower triangle, row after row; its Cholesky factor once factored.
  let matrix: UnsafeMutablePointer<Complex<Double>>
  /// The right-hand side, which becomes the solution.
  let right: UnsafeMutablePointer<Complex<Double>>

  func solve(_ order: Int) {
    factor(order)
    substitute(order)
  }

  /// Replaces the matrix `L L^H` by `L`.
  func factor(_ order: Int) {
    for row in 0..<order {
      for column in 0...row {
        var sum = matrix[row * order + column]
        for inner in 0..<column {
          sum -= matrix[row * order + inner] * matrix[column * order + inner].conjugate
        }
        if row == column {
          // Damped systems have positive pivots; rounding must not turn one into NaN.
          matrix[row * order + row] = Complex(max(sum.real, .leastNormalMagnitude).squareRoot(), 0)
        } else {
          matrix[row * order + column] = sum.divided(by: matrix[column * order + column].real)
        }
      }
    }
  }

  /// Solves with the factor.
  func substitute(_ order: Int) {
    for row in 0..<order {
      var sum = right[row]
      for inner in 0..<row { sum -= matrix[row * order + inner] * right[inner] }
      right[row] = sum.divided(by: matrix[row * order + row].real)
    }
    for row in (0..<order).reversed() {
      var sum = right[row]
      for inner in row + 1..<order { sum -= matrix[inner * order + row].conjugate * right[inner] }
      right[row] = sum.divided(by: matrix[row * order + row].real)
    }
  }
}
