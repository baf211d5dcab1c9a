import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// A network for volumes of one size, ready to run on one volume after the other.
final class Cascade: Sendable {
  private let convolutions: CascadeConvolutions<DataConsistency>
  private let matrix: Extents
  private let planes: PlaneBundles
  private var gang: Gang { convolutions.gang }

  /// - Parameters:
  ///   - blocks: The network.
  ///   - matrix: The volumes.
  ///   - step: The number of slices by which layers advance.
  init(_ blocks: [PackedBlock<DataConsistency>], matrix: Extents, step: Int) {
    convolutions = CascadeConvolutions(blocks, matrix: matrix, step: step)
    self.matrix = matrix
    planes = PlaneBundles(shape: matrix.shape)
  }

  /// The largest number of bytes that a run takes beside its input.
  static func bytes(_ blocks: [PackedBlock<DataConsistency>], matrix: Extents, step: Int) -> Int {
    let bundle = matrix.z * matrix.y * min(8, matrix.x) * MemoryLayout<Complex<Float>>.stride
    // Measured samples, the image, and its magnitude.
    let volumes = matrix.count * (2 * MemoryLayout<Complex<Float>>.stride + MemoryLayout<Float>.stride)
    return CascadeConvolutions.bytes(blocks, matrix: matrix, step: step) + volumes
      + Parallelism.threads * 2 * bundle
  }

  /// The image of one volume's samples; `nil` where it is not finite.
  ///
  /// - Parameters:
  ///   - samples: The samples, axes `[kz, ky, kx]`; zero where nothing was acquired.
  ///   - mask: The positions that were acquired.
  ///   - observer: Sees the image after every block, in units of the scale.
  func image(
    of samples: NDArray<Complex<Float>>, mask: SamplingMask,
    observer: ((_ block: Int, _ image: NDArray<Complex<Float>>) -> Void)? = nil
  ) -> NDArray<Complex<Float>>? {
    gang.inTurn { () -> NDArray<Complex<Float>>? in
      var samples = samples
      readoutTransformed(&samples)
      var image = samples
      forEachBundle(of: &image) { planes, image, bundle in
        planes.withBundle(bundle, of: image) { values, _, _ in planes.transform.inverse(values) }
      }
      guard let scale = MagnitudeScale.bright(image) else { return nil }
      // Fully sampled planes leave nothing to guess; silence would only bring out the network's biases.
      guard scale > 0, !mask.isFullySampled else { return image }
      divide(&samples, by: scale)
      divide(&image, by: scale)
      run(on: &image, samples: samples, mask: mask, observer: observer)
      divide(&image, by: 1 / scale)
      return image
    }
  }

  private func run(
    on image: inout NDArray<Complex<Float>>, samples: NDArray<Complex<Float>>, mask: SamplingMask,
    observer: ((_ block: Int, _ image: NDArray<Complex<Float>>) -> Void)?
  ) {
    let isAcquired = mask.isAcquired.elements
    for (index, block) in convolutions.blocks.enumerated() {
      convolutions.apply(index, to: &image)
      samples.withUnsafeBufferPointer { samples in
        let samples = SharedConstants(samples)
        forEachBundle(of: &image) { planes, image, bundle in
          block.consistency.apply(bundle, of: planes, image, samples, isAcquired)
        }
      }
      observer?(index, image)
    }
  }

  private func readoutTransformed(_ samples: inout NDArray<Complex<Float>>) {
    let transform = FourierTransform(shape: [matrix.x]), length = matrix.x, rows = matrix.y
    samples.withUnsafeMutableBufferPointer { samples in
      let samples = SharedBuffer(samples)
      gang.forEach(matrix.z) { plane in
        for row in plane * rows..<(plane + 1) * rows {
          transform.inverse(samples[row * length..<(row + 1) * length])
        }
      }
    }
  }

  private func forEachBundle(
    of image: inout NDArray<Complex<Float>>,
    _ body:
      @escaping @Sendable (_ planes: PlaneBundles, _ image: SharedBuffer<Complex<Float>>, _ bundle: Int) ->
      Void
  ) {
    image.withUnsafeMutableBufferPointer { image in
      let image = SharedBuffer(image)
      gang.forEach(planes.count) { [planes] in body(planes, image, $0) }
    }
  }

  private func divide(_ volume: inout NDArray<Complex<Float>>, by scale: Float) {
    volume.withUnsafeMutableBufferPointer { volume in
      for index in volume.indices {
        volume[index] = Complex(volume[index].real / scale, volume[index].imaginary / scale)
      }
    }
  }
}
