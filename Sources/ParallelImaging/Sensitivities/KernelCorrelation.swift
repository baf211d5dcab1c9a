import LinearAlgebra
import NDArrays
import Numerics

/// What the patches of calibration data have in common, as a matrix over channels that is a trigonometric polynomial
/// over the image.
///
/// A voxel at `r` contributes `s(r) exp(-2 pi i r a)` to a patch. With the projector `P` on the space that the
/// patches span, sensitivities are therefore the eigenvectors of eigenvalue 1 of
///
/// ```
/// W[c, d](r) = sum_D K[c, d, D] exp(2 pi i r D)     K[c, d, D] = 1/k sum_{a - b = D} P[(c, a), (d, b)]
/// ```
///
/// for a kernel of `k` positions `a`. The polynomial has `2 k_y - 1` by `2 k_z - 1` terms.
struct KernelCorrelation: Sendable {
  /// The coefficients `K`, axes `[c, d <= c, D_z, D_y]` with the rows of the lower triangle one after the other.
  private(set) var coefficients: NDArray<Complex<Float>>

  /// Sums up a projector given by an orthonormal basis of its space, axes `[vector, (channel, dz, dy)]`.
  init(basis: UnsafeBufferPointer<Complex<Float>>, channels: Int, kernel: KernelExtents) {
    let order = channels * kernel.count
    var projector = NDArray<Complex<Float>>(repeating: .zero, shape: [order, order])
    addGramMatrix(of: basis, to: &projector)
    let depth = 2 * kernel.partitions - 1, width = 2 * kernel.lines - 1
    let scale = 1 / Float(kernel.count)
    coefficients = NDArray(uninitializedShape: [channels * (channels + 1) / 2, depth, width]) { target in
      target.initialize(repeating: .zero)
      projector.withUnsafeBufferPointer { projector in
        for c in 0..<channels {
          for d in 0...c {
            let pair = (c * (c + 1) / 2 + d) * depth * width
            for a in 0..<kernel.count {
              for b in 0..<kernel.count {
                let (row, column) = (c * kernel.count + a, d * kernel.count + b)
                let value =
                  row >= column
                  ? projector[row * order + column] : projector[column * order + row].conjugate
                let dz = a / kernel.lines - b / kernel.lines + kernel.partitions - 1
                let dy = a % kernel.lines - b % kernel.lines + kernel.lines - 1
                target[pair + dz * width + dy] += value.multiplied(by: scale)
              }
            }
          }
        }
      }
    }
  }

  private init(coefficients: NDArray<Complex<Float>>) { self.coefficients = coefficients }

  /// The correlation between two others: a mean of projectors, whose eigenvalues stay within `0...1`.
  func interpolated(to other: KernelCorrelation, fraction: Float) -> KernelCorrelation {
    guard fraction > 0 else { return self }
    return KernelCorrelation(
      coefficients: NDArray(uninitializedShape: coefficients.shape) { target in
        coefficients.withUnsafeBufferPointer { first in
          other.coefficients.withUnsafeBufferPointer { second in
            for index in target.indices {
              target.initializeElement(
                at: index,
                to: first[index].multiplied(by: 1 - fraction) + second[index].multiplied(by: fraction))
            }
          }
        }
      })
  }
}
