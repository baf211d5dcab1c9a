import MRIData
import NDArrays
import Numerics

/// The selection of the acquired k-space positions: all others become zero.
///
/// Arrays may have any axes in front of `[kz, ky, kx]`; the mask holds for all of them. The operator is an
/// orthogonal projection, so it is its own adjoint and its own Gram operator.
public struct SamplingOperator: LinearOperator {
  private let mask: SamplingMask

  /// Creates the selection of the positions that a mask holds as acquired.
  public init(_ mask: SamplingMask) { self.mask = mask }

  /// The acquired samples, with zeros in between.
  public func callAsFunction(_ samples: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    let shape = samples.shape
    precondition(
      shape.count >= 3 && Array(shape.suffix(3).prefix(2)) == mask.isAcquired.shape,
      "a mask of [kz, ky] = \(mask.isAcquired.shape) does not fit samples of shape \(shape)")
    let readout = shape[shape.count - 1], positions = mask.lines * mask.partitions
    mask.isAcquired.withUnsafeBufferPointer { isAcquired in
      samples.withUnsafeMutableBufferPointer { samples in
        for row in 0..<samples.count / max(readout, 1) where !isAcquired[row % positions] {
          UnsafeMutableBufferPointer(rebasing: samples[row * readout..<(row + 1) * readout])
            .update(repeating: .zero)
        }
      }
    }
    return samples
  }

  /// The acquired samples, with zeros in between.
  public func applyAdjoint(_ samples: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    self(samples)
  }

  /// The acquired samples, with zeros in between.
  public func applyGram(_ samples: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    self(samples)
  }
}
