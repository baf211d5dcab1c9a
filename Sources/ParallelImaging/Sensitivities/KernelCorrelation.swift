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
/// for a kernel of `k` positions `a`. The polynomial has `2 k_x - 1` by `2 k_z - 1` by `2 k_y - 1` terms.
struct KernelCorrelation: Sendable {
  /// The coefficients `K`, axes `[c, d <= c, D_x, D_z, D_y]` with the rows of the lower triangle one after the other.
  private let coefficients: NDArray<Complex<Float>>

  /// Sums up the projector on a space of patches `[channel, dz, dy, dx]`.
  init(_ space: SignalSpace, channels: Int, kernel: KernelExtents) {
    let order = channels * kernel.count
    var projector = NDArray<Complex<Float>>(repeating: .zero, shape: [order, order])
    space.basis.withUnsafeBufferPointer { addGramMatrix(of: $0, to: &projector) }
    let length = 2 * kernel.columns - 1, depth = 2 * kernel.partitions - 1, width = 2 * kernel.lines - 1
    let terms = length * depth * width
    let scale = 1 / Float(kernel.count)
    // The place of an element in an array of differences, of which the first is that of the largest negative ones.
    let places = (0..<kernel.count).map { a in
      let (row, dx) = a.quotientAndRemainder(dividingBy: kernel.columns)
      let (dz, dy) = row.quotientAndRemainder(dividingBy: kernel.lines)
      return (dx * depth + dz) * width + dy
    }
    let middle = places[kernel.count - 1]
    coefficients = NDArray(uninitializedShape: [channels * (channels + 1) / 2, length, depth, width]) {
      target in
      target.initialize(repeating: .zero)
      projector.withUnsafeBufferPointer { projector in
        for c in 0..<channels {
          for d in 0...c {
            let pair = (c * (c + 1) / 2 + d) * terms + middle
            for a in 0..<kernel.count {
              for b in 0..<kernel.count {
                let (row, column) = (c * kernel.count + a, d * kernel.count + b)
                let value =
                  row >= column
                  ? projector[row * order + column] : projector[column * order + row].conjugate
                target[pair + places[a] - places[b]] += value.multiplied(by: scale)
              }
            }
          }
        }
      }
    }
  }

  /// The polynomial over the plane at a position of the readout, axes `[c, d <= c, D_z, D_y]`.
  func plane(at x: Int, of extent: Int) -> NDArray<Complex<Float>> {
    let shape = coefficients.shape, terms = shape[2] * shape[3], length = shape[1]
    let phases = (0..<length).map { index in
      let turns = (x - extent / 2) * (index - length / 2) % extent
      return Complex<Float>(length: 1, phase: 2 * .pi * Float(turns) / Float(extent))
    }
    return NDArray(uninitializedShape: [shape[0], shape[2], shape[3]]) { target in
      target.initialize(repeating: .zero)
      coefficients.withUnsafeBufferPointer { coefficients in
        for pair in 0..<shape[0] {
          for (index, phase) in phases.enumerated() {
            let source = (pair * length + index) * terms
            for term in 0..<terms { target[pair * terms + term] += coefficients[source + term] * phase }
          }
        }
      }
    }
  }
}
