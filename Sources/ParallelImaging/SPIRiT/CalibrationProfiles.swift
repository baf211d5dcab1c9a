import FourierTransforms
import LinearAlgebra
import NDArrays
import Numerics

/// Calibration data in hybrid space: `(ky, kz)` planes at positions along the readout.
///
/// Sensitivities vary slowly, so that the centre of `kx` tells them; the image of that centre has few, wide voxels.
struct CalibrationProfiles: Sendable {
  /// The samples, axes `[channel, kz, ky, position]`.
  private let samples: NDArray<Complex<Float>>

  /// The number of positions along the readout.
  var positions: Int { samples.shape[3] }
  /// The number of receive channels.
  var channels: Int { samples.shape[0] }

  /// Takes the centre of the readout of calibration data and transforms it.
  ///
  /// A position's noise has the variance of the samples' noise.
  init(_ block: CalibrationBlock, positions: Int) {
    let shape = block.samples.shape, length = shape[3]
    let first = length / 2 - positions / 2
    var cropped = NDArray<Complex<Float>>(uninitializedShape: Array(shape.dropLast()) + [positions]) {
      target in
      block.samples.withUnsafeBufferPointer { source in
        for row in 0..<target.count / positions {
          for index in 0..<positions {
            target.initializeElement(
              at: row * positions + index, to: source[row * length + first + index])
          }
        }
      }
    }
    FourierTransform(shape: [positions]).inverse(&cropped)
    samples = cropped
  }

  /// The number of kernel-sized patches of one position.
  func patches(_ kernel: KernelExtents) -> Int {
    (samples.shape[1] - kernel.partitions + 1) * (samples.shape[2] - kernel.lines + 1)
  }

  /// Adds the Gram matrix `sum conj(z) z^T` of all patches `z[channel, dz, dy]` of one position.
  func addGram(
    of position: Int, kernel: KernelExtents, times weight: Float, to gram: inout NDArray<Complex<Float>>
  ) {
    let (partitions, lines) = (samples.shape[1], samples.shape[2])
    let columns = channels * kernel.count
    let rows = NDArray<Complex<Float>>(uninitializedShape: [patches(kernel), columns]) { target in
      samples.withUnsafeBufferPointer { source in
        var element = 0
        for z in 0...partitions - kernel.partitions {
          for y in 0...lines - kernel.lines {
            for channel in 0..<channels {
              for dz in 0..<kernel.partitions {
                for dy in 0..<kernel.lines {
                  let row = (channel * partitions + z + dz) * lines + y + dy
                  target.initializeElement(at: element, to: source[row * positions + position])
                  element += 1
                }
              }
            }
          }
        }
      }
    }
    rows.withUnsafeBufferPointer { addGramMatrix(of: $0, times: weight, to: &gram) }
  }
}
