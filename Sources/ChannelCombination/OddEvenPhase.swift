import MRIData
import NDArrays
import Numerics

/// The phase by which reversed readouts differ from forward ones: a constant and a slope along each axis.
///
/// ```
/// S_reversed(r) = S(r) exp(+i (offset + slope . (r - n/2)))
/// ```
///
/// A delay between readout gradient and sampling moves k-space one way in forward and the other way in reversed
/// echoes, which is a slope along `x`; eddy currents of the readout gradient add a constant and weaker slopes
/// along the other axes. None depends on the channel, so all survive in the echoes' products and would pass
/// for a field.
///
/// - SeeAlso: J. Li et al., "Phase-corrected bipolar gradients in multi-echo gradient-echo sequences for
///   quantitative susceptibility mapping", MAGMA 28(4):347-355, 2015, doi:10.1007/s10334-014-0470-3.
public struct OddEvenPhase: Sendable, Equatable {
  /// The phase at voxel `n / 2` of every axis [rad].
  public var offset: Double
  /// The change of the phase from voxel to voxel along `x`, `y` and `z` [rad].
  public var slope: SIMD3<Double>

  /// The extents of the volume.
  let matrix: Extents
  /// Whether each echo was read out in reverse.
  let isReversed: [Bool]

  /// The phase at a voxel, counted with `x` running fastest [rad].
  func callAsFunction(at voxel: Int) -> Float {
    Float(offset + (slope * Self.position(voxel, matrix)).sum())
  }

  /// The distance of a voxel from voxel `n / 2` of every axis.
  private static func position(_ voxel: Int, _ matrix: Extents) -> SIMD3<Double> {
    let row = voxel / matrix.x
    return [
      Double(voxel % matrix.x - matrix.x / 2), Double(row % matrix.y - matrix.y / 2),
      Double(row / matrix.y - matrix.z / 2),
    ]
  }
}

extension OddEvenPhase {
  /// The first echo that lies between two of the other polarity; `nil` if all echoes have one polarity.
  ///
  /// - Throws: ``CoilCombinationError/inseparablePolarities(_:)`` if there is no such echo.
  static func middleEcho(_ parameters: ScanParameters) throws(CoilCombinationError) -> Int? {
    let polarities = parameters.polarities
    precondition(
      polarities.count == parameters.echoTimes.count,
      "\(polarities.count) polarities for \(parameters.echoTimes.count) echoes")
    guard Set(polarities).count > 1 else { return nil }
    let middle = polarities.indices.dropFirst().dropLast().first { echo in
      polarities[echo] != polarities[echo - 1] && polarities[echo] != polarities[echo + 1]
    }
    guard let middle else { throw .inseparablePolarities(polarities) }
    return middle
  }

  /// Finds the phase in combined echoes.
  ///
  /// Take an echo `j` between echoes `i` and `k` of the other polarity. Those two give the field without
  /// error, though only up to multiples of `1 / (TE_k - TE_i)`; what echo `j` has beyond the phase that this
  /// field predicts is the phase sought. Which multiple holds in a voxel is decided by the plane found so far,
  /// and the first plane is level: the offset is taken to be the smallest that explains the data. (For equal
  /// spacing, an offset larger by `pi` and a field larger by half a period cannot be told apart.) The plane is a
  /// least-squares fit over all voxels, weighted by the precision of their phase.
  ///
  /// - Parameters:
  ///   - echoes: The combined echoes, axes `[echo, z, y, x]`, any phase common to all echoes of a voxel.
  ///   - parameters: The echo times and polarities.
  ///   - middle: The number of echo `j`.
  init(_ echoes: NDArray<Complex<Float>>, _ parameters: ScanParameters, middle: Int) {
    let times = parameters.echoTimes
    let matrix = Extents(x: echoes.shape[3], y: echoes.shape[2], z: echoes.shape[1])
    let fraction = Float((times[middle] - times[middle - 1]) / (times[middle + 1] - times[middle - 1]))
    let alias = Complex<Float>.turn(2 * .pi * fraction)
    let isReversed = parameters.polarities.map { $0 == .reversed }
    let sought = Self.phasors(echoes, middle, fraction, isReversed: isReversed[middle])
    self.init(
      offset: 0, slope: Self.steps(between: sought, matrix, alias), matrix: matrix, isReversed: isReversed)
    for _ in 0..<5 { refine(sought, alias) }
  }

  /// The phase sought in each voxel, as the angle of a number whose length is its weight; up to the alias.
  private static func phasors(
    _ echoes: NDArray<Complex<Float>>, _ middle: Int, _ fraction: Float, isReversed: Bool
  ) -> NDArray<Complex<Float>> {
    let voxels = echoes.shape[1...].reduce(1, *), rest = 1 - fraction
    return NDArray(uninitializedShape: [voxels]) { target in
      echoes.withUnsafeBufferPointer { echoes in
        for voxel in 0..<voxels {
          let i = echoes[(middle - 1) * voxels + voxel], j = echoes[middle * voxels + voxel]
          let k = echoes[(middle + 1) * voxels + voxel]
          let phasor = j * i.conjugate * .turn(-fraction * (k * i.conjugate).angle)
          let variance =
            1 / j.lengthSquared + rest * rest / i.lengthSquared + fraction * fraction / k.lengthSquared
          let weighted = phasor.multiplied(by: 1 / (variance * phasor.length))
          target[voxel] = !weighted.isFinite ? .zero : isReversed ? weighted : weighted.conjugate
        }
      }
    }
  }

  /// The slope along each axis, from the steps between neighbours.
  private static func steps(
    between sought: NDArray<Complex<Float>>, _ matrix: Extents, _ alias: Complex<Float>
  ) -> SIMD3<Double> {
    let strides = [1, matrix.x, matrix.x * matrix.y]
    return sought.withUnsafeBufferPointer { sought in
      var slope = SIMD3<Double>.zero
      for axis in 0..<3 {
        var sum = Complex<Double>.zero
        for voxel in sought.indices where voxel / strides[axis] % matrix[axis] < matrix[axis] - 1 {
          let step = nearest(sought[voxel + strides[axis]] * sought[voxel].conjugate, alias)
          sum += Complex(Double(step.real), Double(step.imaginary))
        }
        slope[axis] = .atan2(y: sum.imaginary, x: sum.real)
      }
      return slope
    }
  }

  /// Adds the plane that fits best to what the present one leaves.
  private mutating func refine(_ sought: NDArray<Complex<Float>>, _ alias: Complex<Float>) {
    var normal = [SIMD4<Double>](repeating: .zero, count: 4), right = SIMD4<Double>.zero
    sought.withUnsafeBufferPointer { sought in
      for voxel in sought.indices where sought[voxel] != .zero {
        let rest = Self.nearest(sought[voxel] * .turn(-self(at: voxel)), alias)
        let row = SIMD4(Self.position(voxel, matrix), 1)
        let weight = Double(rest.length)
        for index in 0..<4 { normal[index] += weight * row[index] * row }
        right += weight * Double(rest.angle) * row
      }
    }
    let correction = Self.solve(normal, right)
    slope += [correction.x, correction.y, correction.z]
    offset += correction.w
  }

  /// The number turned by -1, 0 or 1 aliases, whichever comes nearest to the positive real axis.
  private static func nearest(_ value: Complex<Float>, _ alias: Complex<Float>) -> Complex<Float> {
    let forth = value * alias, back = value * alias.conjugate
    let turned = forth.real > back.real ? forth : back
    return turned.real > value.real ? turned : value
  }

  /// Gaussian elimination for a symmetric positive semidefinite matrix, the constant first; an axis along which all signal
  /// lies in one plane gets no slope.
  private static func solve(_ matrix: [SIMD4<Double>], _ right: SIMD4<Double>) -> SIMD4<Double> {
    var rows = matrix, right = right, solution = SIMD4<Double>.zero
    var isDetermined = [false, false, false, false]
    for pivot in [3, 0, 1, 2] {
      // What is left of a diagonal that depends on earlier ones is rounding.
      guard rows[pivot][pivot] > 1e-9 * matrix[pivot][pivot] else { continue }
      isDetermined[pivot] = true
      for row in 0..<4 where row != pivot {
        let factor = rows[row][pivot] / rows[pivot][pivot]
        rows[row] -= factor * rows[pivot]
        right[row] -= factor * right[pivot]
      }
    }
    for index in 0..<4 where isDetermined[index] { solution[index] = right[index] / rows[index][index] }
    return solution
  }
}
