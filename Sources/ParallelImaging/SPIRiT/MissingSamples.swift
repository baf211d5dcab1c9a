import FourierTransforms
import NDArrays
import Numerics
import Operators

/// The samples of a plane that were not acquired, as their images: `m` to `F^H Z m`.
///
/// Samples have axes `[channel, missing position]`, images `[channel, z, y]`.
struct MissingSamples: LinearOperator {
  /// The offsets `kz lines + ky` of the missing positions, ascending.
  let positions: [Int]
  let channels: Int
  let transform: FourierTransform

  func callAsFunction(_ samples: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    precondition(
      samples.shape == [channels, positions.count],
      "samples of shape \(samples.shape) instead of \([channels, positions.count])")
    let samples = samples
    return images(of: samples, at: positions)
  }

  func applyAdjoint(_ images: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    samples(of: images, at: positions)
  }

  func applyGram(_ samples: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> { samples }

  /// The images of samples `[channel, position]` with zeros in between.
  func images(of samples: NDArray<Complex<Float>>, at positions: [Int]) -> NDArray<Complex<Float>> {
    NDArray(uninitializedShape: [channels] + transform.shape) { images in
      images.initialize(repeating: .zero)
      samples.withUnsafeBufferPointer { samples in
        for channel in 0..<channels {
          let plane = UnsafeMutableBufferPointer(
            rebasing: images[channel * transform.count..<(channel + 1) * transform.count])
          for (index, position) in positions.enumerated() {
            plane[position] = samples[channel * positions.count + index]
          }
          transform.inverse(plane)
        }
      }
    }
  }

  /// The samples of images at some positions, axes `[channel, position]`.
  func samples(of images: consuming NDArray<Complex<Float>>, at positions: [Int]) -> NDArray<Complex<Float>> {
    NDArray(uninitializedShape: [channels, positions.count]) { samples in
      images.withUnsafeMutableBufferPointer { images in
        for channel in 0..<channels {
          let plane = UnsafeMutableBufferPointer(
            rebasing: images[channel * transform.count..<(channel + 1) * transform.count])
          transform.forward(plane)
          for (index, position) in positions.enumerated() {
            samples.initializeElement(at: channel * positions.count + index, to: plane[position])
          }
        }
      }
    }
  }
}

/// A factor for each missing position, the same for all channels.
struct MissingSampleWeights: LinearOperator {
  /// The factors, one per position.
  let weights: [Float]

  func callAsFunction(_ samples: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    samples.withUnsafeMutableBufferPointer { samples in
      for index in samples.indices {
        samples[index] = samples[index].multiplied(by: weights[index % weights.count])
      }
    }
    return samples
  }

  func applyAdjoint(_ samples: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> { self(samples) }
}
