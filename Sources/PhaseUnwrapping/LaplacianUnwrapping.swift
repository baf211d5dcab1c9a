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
/// Differences are those of neighbours within the mask, and `psi` is what fits them best by least squares: the Poisson
/// equation on the mask, with a slope at its border that follows from the differences within.
/// Where all true differences of neighbours are below half a turn, `psi` is the true phase up to a constant; elsewhere it is
/// a compromise, smooth, and *not* a multiple of `2 pi` away from `phi`. Every part of the mask that faces of voxels
/// connect has a constant of its own, by which `psi` lies around `phi`.
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
  ///   - mask: Where the phase means something; differences that leave it, and those with NaN, do not count.
  /// - Returns: The unwrapped phase inside of the mask, zero outside.
  public func callAsFunction(
    _ phase: NDArray<Float>, voxelSize: SIMD3<Double>, mask: NDArray<Bool>? = nil
  ) -> NDArray<Float> {
    precondition(phase.shape.count == 3, "a phase of shape \(phase.shape) is no volume")
    precondition(mask == nil || mask?.shape == phase.shape, "mask and phase differ in shape")
    let isValid = NDArray(uninitializedShape: phase.shape) { (target: UnsafeMutableBufferPointer<Bool>) in
      phase.withUnsafeBufferPointer { phase in
        mask.withPointer { mask in
          for index in target.indices { target[index] = phase[index].isFinite && (mask?[index] ?? true) }
        }
      }
    }
    var result = MaskedPoisson(isValid, voxelSize: voxelSize).solution(
      for: Self.laplacian(phase, isValid, voxelSize))
    let parts = ConnectedParts(isValid)
    // The constants that put the result around the phase, by the mean direction of what is between them.
    var means = [Complex<Double>](repeating: .zero, count: parts.sizes.count + 1)
    parts.labels.withUnsafeBufferPointer { labels in
      result.withUnsafeMutableBufferPointer { result in
        phase.withUnsafeBufferPointer { phase in
          for index in labels.indices where labels[index] > 0 {
            means[Int(labels[index])] += Complex(length: 1, phase: Double(phase[index] - result[index]))
          }
        }
        let offsets = means.map { $0 == .zero ? 0 : Float($0.phase) }
        for index in labels.indices {
          result[index] = labels[index] > 0 ? result[index] + offsets[Int(labels[index])] : 0
        }
      }
    }
    return result
  }

  private static func laplacian(
    _ phase: NDArray<Float>, _ isValid: NDArray<Bool>, _ voxelSize: SIMD3<Double>
  ) -> [Double] {
    let (depth, height, width) = (phase.shape[0], phase.shape[1], phase.shape[2])
    var result = [Double](repeating: 0, count: phase.count)
    phase.withUnsafeBufferPointer { phase in
      isValid.withUnsafeBufferPointer { isValid in
        let steps = [(1, width), (width, height), (width * height, depth)]
        for (axis, (step, extent)) in steps.enumerated() {
          let scale = 1 / (voxelSize[axis] * voxelSize[axis])
          for index in phase.indices where index / step % extent + 1 < extent {
            guard isValid[index], isValid[index + step] else { continue }
            let difference = Double(unwrapped(phase[index + step] - phase[index], nextTo: 0)) * scale
            result[index] += difference
            result[index + step] -= difference
          }
        }
      }
    }
    return result
  }
}

/// The Poisson equation on a mask, with a slope of zero at its border, by conjugate gradients.
///
/// ```
/// (L psi)_i = sum over neighbours j within the mask (psi_j - psi_i) / h^2 = b_i
/// ```
///
/// The preconditioner is the solution on the whole volume, of which the mask is kept. Its energy is that of the smoothest
/// continuation of `psi` beyond the mask, which is a few times that within, whatever the number of voxels: a ball
/// takes ten iterations, a mask with holes in a third of its voxels thirty.
struct MaskedPoisson {
  /// The residual in the preconditioner's norm, relative to the first, that ends the iterations.
  static let tolerance = 1e-6
  /// The largest number of iterations.
  static let maximumIterations = 200

  private let mask: NDArray<Bool>
  private let whole: NeumannPoisson
  private let scales: SIMD3<Double>

  init(_ mask: NDArray<Bool>, voxelSize: SIMD3<Double>) {
    self.mask = mask
    whole = NeumannPoisson(shape: mask.shape, voxelSize: voxelSize)
    scales = 1 / (voxelSize * voxelSize)
  }

  /// The solution, up to a constant in each connected part of the mask.
  ///
  /// - Parameter right: The right-hand side, whose sum over every part is zero, as that of differences within is.
  func solution(for right: [Double]) -> NDArray<Float> {
    var solution = [Double](repeating: 0, count: right.count)
    var residual = right, image = solution
    var step = preconditioned(residual), direction = step.map { Double($0) }
    // Laplacian and preconditioner are both negative; signs cancel in all ratios.
    var product = Self.product(residual, step)
    let first = product
    for _ in 0..<Self.maximumIterations {
      apply(direction, &image)
      let curvature = zip(direction, image).reduce(0) { $0 + $1.0 * $1.1 }
      guard curvature < 0 else { break }
      let length = product / curvature
      for index in right.indices {
        solution[index] += length * direction[index]
        residual[index] -= length * image[index]
      }
      step = preconditioned(residual)
      let next = Self.product(residual, step)
      if abs(next) <= Self.tolerance * Self.tolerance * abs(first) { break }
      let ratio = next / product
      product = next
      for (index, value) in step.enumerated() { direction[index] = Double(value) + ratio * direction[index] }
    }
    return NDArray(solution.map { Float($0) }, shape: mask.shape)
  }

  private func preconditioned(_ residual: [Double]) -> [Float] {
    var result = NDArray(residual.map { Float($0) }, shape: mask.shape)
    whole.solve(&result)
    result.keepOnly(mask)
    return result.elements
  }

  private static func product(_ residual: [Double], _ step: [Float]) -> Double {
    zip(residual, step).reduce(0) { $0 + $1.0 * Double($1.1) }
  }

  private func apply(_ values: [Double], _ result: inout [Double]) {
    let (depth, height, width) = (mask.shape[0], mask.shape[1], mask.shape[2]), scales = scales
    result.withUnsafeMutableBufferPointer { result in
      values.withUnsafeBufferPointer { values in
        mask.withUnsafeBufferPointer { mask in
          let result = SharedBuffer(result), values = SharedConstants(values), mask = SharedConstants(mask)
          Parallelism.forEachBlock(of: height * depth, length: 64) { rows in
            for row in rows {
              let y = row % height, z = row / height
              for index in row * width..<(row + 1) * width {
                guard mask[index] else {
                  result[index] = 0
                  continue
                }
                let here = values[index]
                @inline(__always) func difference(_ other: Int) -> Double {
                  mask[other] ? values[other] - here : 0
                }
                let x = index - row * width
                var (along, across, through) = (0.0, 0.0, 0.0)
                if x > 0 { along += difference(index - 1) }
                if x + 1 < width { along += difference(index + 1) }
                if y > 0 { across += difference(index - width) }
                if y + 1 < height { across += difference(index + width) }
                if z > 0 { through += difference(index - width * height) }
                if z + 1 < depth { through += difference(index + width * height) }
                result[index] = along * scales.x + across * scales.y + through * scales.z
              }
            }
          }
        }
      }
    }
  }
}

/// The Poisson equation with a slope of zero at the ends of the volume, solved by cosine transforms.
///
/// ```
/// eigenvalue(p, q, r) = sum over axes 2 (cos(pi p / n) - 1) / h^2
/// ```
struct NeumannPoisson {
  private let shape: [Int]
  private let transforms: [CosineTransform]
  /// One array per axis, whose sums are the equation's.
  private let eigenvalues: [[Double]]

  init(shape: [Int], voxelSize: SIMD3<Double>) {
    self.shape = shape
    transforms = shape.map { CosineTransform(count: $0) }
    eigenvalues = (0..<3).map { axis in
      let size = voxelSize[2 - axis]
      return (0..<shape[axis]).map {
        2 * (Double.cos(.pi * Double($0) / Double(shape[axis])) - 1) / (size * size)
      }
    }
  }

  /// Replaces the right-hand side by the solution, whose mean is zero.
  func solve(_ volume: inout NDArray<Float>) {
    for axis in 0..<3 { transforms[axis].apply(to: &volume, axis: axis, isInverse: false) }
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
