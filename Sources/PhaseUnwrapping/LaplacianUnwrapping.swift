import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// Phase unwrapped by its Laplacian: no path, no queue, and no agreement with the wrapped phase.
///
/// ```
/// g(phi_j - phi_i) brought to -pi...pi for all neighbours;   sum over axes (difference of g) / h^2 = Laplacian of psi
/// ```
///
/// The Poisson equation is solved exactly by cosine transforms, for a slope of zero at the ends of the volume.
/// Where all true differences of neighbours are below half a turn, `psi` is the true phase up to a constant; elsewhere it is
/// the least-squares compromise, smooth, and *not* a multiple of `2 pi` away from `phi`. The constant is chosen so that
/// `psi` lies around `phi`.
///
/// - SeeAlso: M. A. Schofield, Y. Zhu, "Fast phase unwrapping algorithm for interferometric applications", Opt. Lett.
///   28(14):1194-1196, 2003, doi:10.1364/OL.28.001194; the differences are those of D. C. Ghiglia, L. A. Romero,
///   J. Opt. Soc. Am. A 11(1):107-117, 1994, doi:10.1364/JOSAA.11.000107.
public struct LaplacianUnwrapping: Sendable {
  /// Creates the method.
  public init() {}

  /// Unwraps one volume.
  ///
  /// - Parameters:
  ///   - phase: The phase [rad], axes `[z, y, x]`.
  ///   - voxelSize: The distance of neighbouring voxels along `x`, `y`, `z`, in any unit.
  ///   - mask: Where the phase means something; differences that leave it, and those with NaN, count as zero.
  /// - Returns: The unwrapped phase inside of the mask, zero outside.
  public func callAsFunction(
    _ phase: NDArray<Float>, voxelSize: SIMD3<Double>, mask: NDArray<Bool>? = nil
  ) -> NDArray<Float> {
    precondition(phase.shape.count == 3, "a phase of shape \(phase.shape) is no volume")
    precondition(mask == nil || mask?.shape == phase.shape, "mask and phase differ in shape")
    let isValid = phase.withUnsafeBufferPointer { phase in
      mask.withPointer { mask in phase.indices.map { phase[$0].isFinite && (mask?[$0] ?? true) } }
    }
    var laplacian = Self.laplacian(phase, isValid, voxelSize)
    NeumannPoisson(shape: phase.shape, voxelSize: voxelSize).solve(&laplacian)
    // The constant that puts the result around the phase, by the mean direction of what is between them.
    var mean = Complex<Double>.zero
    laplacian.withUnsafeBufferPointer { solution in
      phase.withUnsafeBufferPointer { phase in
        for index in phase.indices where isValid[index] {
          mean += Complex(length: 1, phase: Double(phase[index] - solution[index]))
        }
      }
    }
    let offset = mean == .zero ? 0 : Float(mean.phase)
    laplacian.withUnsafeMutableBufferPointer { solution in
      for index in solution.indices { solution[index] = isValid[index] ? solution[index] + offset : 0 }
    }
    return laplacian
  }

  private static func laplacian(
    _ phase: NDArray<Float>, _ isValid: [Bool], _ voxelSize: SIMD3<Double>
  ) -> NDArray<Float> {
    let (depth, height, width) = (phase.shape[0], phase.shape[1], phase.shape[2])
    var result = NDArray<Float>(repeating: 0, shape: phase.shape)
    result.withUnsafeMutableBufferPointer { result in
      phase.withUnsafeBufferPointer { phase in
        let steps = [(1, width), (width, height), (width * height, depth)]
        for (axis, (step, extent)) in steps.enumerated() {
          let scale = Float(1 / (voxelSize[axis] * voxelSize[axis]))
          for index in phase.indices where index / step % extent + 1 < extent {
            guard isValid[index], isValid[index + step] else { continue }
            let difference = unwrapped(phase[index + step] - phase[index], nextTo: 0) * scale
            result[index] += difference
            result[index + step] -= difference
          }
        }
      }
    }
    return result
  }
}

/// The Poisson equation with a slope of zero at the ends of the volume, solved by cosine transforms.
///
/// ```
/// eigenvalue(p, q, r) = sum over axes 2 (cos(pi p / n) - 1) / h^2
/// ```
struct NeumannPoisson {
  let shape: [Int]
  let voxelSize: SIMD3<Double>

  /// Replaces the right-hand side by the solution, whose mean is zero.
  func solve(_ volume: inout NDArray<Float>) {
    let transforms = shape.map { CosineTransform(count: $0) }
    for axis in 0..<3 { transforms[axis].apply(to: &volume, axis: axis, isInverse: false) }
    let shape = shape
    let eigenvalues = (0..<3).map { axis in
      let size = voxelSize[2 - axis]
      return (0..<shape[axis]).map {
        2 * (Double.cos(.pi * Double($0) / Double(shape[axis])) - 1) / (size * size)
      }
    }
    volume.withUnsafeMutableBufferPointer { values in
      for index in values.indices {
        let x = index % shape[2], y = index / shape[2] % shape[1], z = index / (shape[1] * shape[2])
        let eigenvalue = eigenvalues[0][z] + eigenvalues[1][y] + eigenvalues[2][x]
        values[index] = index == 0 ? 0 : Float(Double(values[index]) / eigenvalue)
      }
    }
    for axis in 0..<3 { transforms[axis].apply(to: &volume, axis: axis, isInverse: true) }
  }
}

/// The orthogonal cosine transform (DCT-II) of one axis, by a complex transform of the mirrored line.
///
/// With `x` at `0..<n` and its mirror image at `-1, -2, ...` around the centre of a line of `2 n`,
///
/// ```
/// y[q] = (2 n)^(-1/2) sum_m x[m] 2 cos(pi q (2 m + 1) / 2 n) exp(i pi q / 2 n)
/// ```
///
/// Two real lines travel as the real and imaginary part of one.
struct CosineTransform: Sendable {
  private let count: Int
  private let transform: FourierTransform
  private let turns: [Complex<Float>]

  init(count: Int) {
    self.count = count
    transform = FourierTransform(shape: [2 * count])
    turns = (0..<count).map {
      let angle = Double.pi * Double($0) / Double(2 * count)
      return Complex(Float(Double.cos(angle)), Float(Double.sin(angle)))
    }
  }

  /// Transforms all lines of a volume along an axis, in place.
  func apply(to volume: inout NDArray<Float>, axis: Int, isInverse: Bool) {
    if count == 1 { return }
    let step = volume.shape[(axis + 1)...].reduce(1, *), lines = volume.count / count
    let count = count
    volume.withUnsafeMutableBufferPointer { values in
      let values = SharedBuffer(values)
      @Sendable func start(_ line: Int) -> Int { line / step * step * count + line % step }
      Parallelism.forEachBlock(of: lines, length: 64) { block in
        var row = NDArray<Complex<Float>>(repeating: .zero, shape: [2 * count])
        for line in stride(from: block.lowerBound, to: block.upperBound, by: 2) {
          let first = start(line), second = line + 1 < block.upperBound ? start(line + 1) : nil
          row.withUnsafeMutableBufferPointer { row in
            for index in 0..<count {
              let value = Complex(
                values[first + index * step], second.map { values[$0 + index * step] } ?? 0)
              load(value, index, into: row, isInverse)
            }
            if isInverse {
              row[0] = .zero
              transform.inverse(row)
            } else {
              transform.forward(row)
            }
            for index in 0..<count {
              let value = isInverse ? row[count + index] : row[count + index] * turns[index].conjugate
              values[first + index * step] = value.real
              if let second { values[second + index * step] = value.imaginary }
            }
          }
        }
      }
    }
  }

  @inline(__always)
  private func load(
    _ value: Complex<Float>, _ index: Int, into row: UnsafeMutableBufferPointer<Complex<Float>>,
    _ isInverse: Bool
  ) {
    if isInverse {
      row[count + index] = value * turns[index]
      if index > 0 { row[count - index] = value * turns[index].conjugate }
    } else {
      row[count + index] = value
      row[count - 1 - index] = value
    }
  }
}
