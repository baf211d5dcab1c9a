import FourierTransforms
import LinearAlgebra
import NDArrays
import Numerics

/// The linear map from samples anywhere along `kx` to the grid.
///
/// The image along the readout that explains the samples best, of all that vanish outside a support:
///
/// ```
/// E[n, x] = N^(-1/2) exp(-2 pi i k[n] x / N)           x in the support, k in steps of the grid of N points
/// image   = (E^H E + lambda)^(-1) E^H samples          lambda: 1e-4 of the mean eigenvalue
/// kx      = F image
/// ```
///
/// Where samples lie closer than the support demands, all of them count; nothing is interpolated.
struct ReadoutResampling: Sendable {
  /// The map, axes `[sample, kx]`, for rows of samples that are multiplied from the left.
  private(set) var matrix: NDArray<Complex<Float>>
  /// The standard deviation of noise in the images over that of the samples.
  let noiseGain: Double
  /// The part of the grid that samples span.
  let range: Range<Int>

  /// The largest grid that a map is worked out for, which takes the cube of it; a line of a scanner has 512 samples.
  static let largestExtent = 2048

  /// Works out the map.
  ///
  /// - Parameters:
  ///   - positions: Where the samples lie, in steps of the grid from its centre `extent / 2`; possible ones, see
  ///     ``SamplePositions/arePossible``.
  ///   - extent: The number of points of the grid.
  ///   - imageExtent: How many voxels about the centre are meant to be seen; the support is at least as large, and larger
  ///     as far as samples are nowhere too far apart for it.
  init(positions: [Double], extent: Int, imageExtent: Int) {
    let gaps = zip(positions.dropFirst(), positions).map { abs($0 - $1) }
    let resolved = 0.98 * Double(extent) / max(gaps.max() ?? 1, 1e-9)
    let count = min(extent, max(imageExtent, resolved < Double(extent) ? Int(resolved) : extent))
    let first = extent / 2 - count / 2
    let samples = positions.count
    func phase(_ sample: Int, _ voxel: Int) -> Double {
      2 * .pi * positions[sample] * Double(first + voxel - extent / 2) / Double(extent)
    }
    let scale = 1 / Double(extent).squareRoot()
    let adjoint = NDArray<Complex<Float>>(uninitializedShape: [count, samples]) { adjoint in
      for voxel in 0..<count {
        for sample in 0..<samples {
          let value = Complex<Double>(length: scale, phase: phase(sample, voxel))
          adjoint.initializeElement(
            at: voxel * samples + sample, to: Complex(Float(value.real), Float(value.imaginary)))
        }
      }
    }
    // E^H E depends on the distance of two voxels alone.
    let kernel = (0..<count).map { distance -> Complex<Double> in
      positions.reduce(into: Complex<Double>.zero) {
        $0 += Complex(
          length: 1 / Double(extent), phase: 2 * .pi * $1 * Double(distance) / Double(extent))
      }
    }
    var normal = NDArray<Complex<Double>>(repeating: .zero, shape: [count, count])
    let damping = Complex<Double>(1e-4 * kernel[0].real, 0)
    for row in 0..<count {
      for column in 0...row { normal[row, column] = kernel[row - column] }
      normal[row, row] += damping
    }
    let inverse: NDArray<Complex<Double>>
    do throws(LinearAlgebraError) {
      inverse = try inverseOfLowerTriangle(choleskyFactor(of: normal))
    } catch {
      preconditionFailure("a damped Gram matrix is positive definite: \(error)")
    }
    var lower = NDArray<Complex<Float>>(repeating: .zero, shape: [count, count])
    var upper = lower
    for row in 0..<count {
      for column in 0...row {
        let value = inverse[row, column]
        lower[row, column] = Complex(Float(value.real), Float(value.imaginary))
        upper[column, row] = lower[row, column].conjugate
      }
    }
    let image = upper.times(lower.times(adjoint))
    var matrix = NDArray<Complex<Float>>(repeating: .zero, shape: [samples, extent])
    for voxel in 0..<count {
      for sample in 0..<samples { matrix[sample, first + voxel] = image[voxel, sample] }
    }
    let seen = (extent / 2 - imageExtent / 2)..<(extent / 2 - imageExtent / 2 + imageExtent)
    var power = 0.0
    for sample in 0..<samples { for x in seen { power += Double(matrix[sample, x].lengthSquared) } }
    noiseGain = (power / Double(seen.count)).squareRoot()
    FourierTransform(shape: [samples, extent], axes: [1]).forward(&matrix)
    self.matrix = matrix
    let lowest = Int(((positions.min() ?? 0) - 0.5).rounded()) + extent / 2
    let highest = Int(((positions.max() ?? 0) + 0.5).rounded()) + extent / 2
    range = max(0, min(lowest, extent))..<max(max(0, min(lowest, extent)), min(extent, highest))
  }

  /// The map for samples that are first multiplied by phases.
  func applying(_ phases: [Complex<Float>]) -> ReadoutResampling {
    var result = self
    let extent = matrix.shape[1]
    result.matrix.withUnsafeMutableBufferPointer { matrix in
      for (sample, phase) in phases.enumerated() {
        for x in 0..<extent { matrix[sample * extent + x] *= phase }
      }
    }
    return result
  }
}

extension NDArray<Complex<Float>> {
  /// The product of two matrices.
  fileprivate func times(_ other: NDArray) -> NDArray {
    NDArray(uninitializedShape: [shape[0], other.shape[1]]) { product in
      product.initialize(repeating: .zero)
      withUnsafeBufferPointer { left in
        other.withUnsafeBufferPointer { right in
          multiply(left, right, into: product, rows: shape[0], columns: other.shape[1], inner: shape[1])
        }
      }
    }
  }
}
