import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators

/// The encoding of one `(ky, kz)` plane by sensitivities, Fourier transform and sampling.
///
/// ```
/// y[c, j] = (F s_c x)(k_j)         [z, y] to [channel, acquired position]
/// ```
struct PlaneModel: LinearOperator {
  /// The sensitivities, axes `[channel, z, y]`.
  private let maps: NDArray<Complex<Float>>
  private let positions: [Int]
  private let transform: FourierTransform

  private var channels: Int { maps.shape[0] }
  private var shape: [Int] { Array(maps.shape[1...]) }
  private var voxels: Int { transform.count }

  /// Creates the model of a plane.
  ///
  /// - Parameters:
  ///   - maps: The sensitivities, axes `[channel, z, y]`.
  ///   - positions: The offsets `kz lines + ky` of the acquired positions, ascending.
  ///   - transform: The transform of one plane.
  init(maps: NDArray<Complex<Float>>, positions: [Int], transform: FourierTransform) {
    precondition(
      maps.shape.count == 3 && Array(maps.shape[1...]) == transform.shape,
      "sensitivities of shape \(maps.shape) for planes of \(transform.shape)")
    self.maps = maps
    self.positions = positions
    self.transform = transform
  }

  /// The largest sum of squared sensitivities of a voxel.
  var largestPower: Float {
    maps.withUnsafeBufferPointer { maps in
      (0..<voxels).reduce(0) { largest, voxel in
        max(
          largest, stride(from: voxel, to: maps.count, by: voxels).reduce(0) { $0 + maps[$1].lengthSquared })
      }
    }
  }

  func callAsFunction(_ image: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    let image = image
    return NDArray(uninitializedShape: [channels, positions.count]) { samples in
      forEachChannel(of: image) { channel, plane in
        transform.forward(plane)
        for (index, position) in positions.enumerated() {
          samples.initializeElement(at: channel * positions.count + index, to: plane[position])
        }
      }
    }
  }

  func applyAdjoint(_ samples: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    precondition(
      samples.shape == [channels, positions.count],
      "samples of shape \(samples.shape) instead of \([channels, positions.count])")
    let samples = samples
    return sum { channel, plane in
      plane.update(repeating: .zero)
      samples.withUnsafeBufferPointer { samples in
        for (index, position) in positions.enumerated() {
          plane[position] = samples[channel * positions.count + index]
        }
      }
      transform.inverse(plane)
    }
  }

  func applyGram(_ image: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    let image = image
    return image.withUnsafeBufferPointer { image in
      maps.withUnsafeBufferPointer { maps in
        sum { channel, plane in
          let offset = channel * voxels
          for voxel in 0..<voxels { plane[voxel] = maps[offset + voxel] * image[voxel] }
          transform.forward(plane)
          keepAcquired(plane)
          transform.inverse(plane)
        }
      }
    }
  }

  /// Clears what was not acquired.
  private func keepAcquired(_ plane: UnsafeMutableBufferPointer<Complex<Float>>) {
    var next = 0
    for position in positions {
      while next < position {
        plane[next] = .zero
        next += 1
      }
      next = position + 1
    }
    while next < voxels {
      plane[next] = .zero
      next += 1
    }
  }

  /// Calls a closure with the image of each channel in turn.
  private func forEachChannel(
    of image: NDArray<Complex<Float>>,
    _ body: (_ channel: Int, UnsafeMutableBufferPointer<Complex<Float>>) -> Void
  ) {
    precondition(image.shape == shape, "an image of shape \(image.shape) instead of \(shape)")
    withPlane { plane in
      image.withUnsafeBufferPointer { image in
        maps.withUnsafeBufferPointer { maps in
          for channel in 0..<channels {
            for voxel in 0..<voxels { plane[voxel] = maps[channel * voxels + voxel] * image[voxel] }
            body(channel, plane)
          }
        }
      }
    }
  }

  /// The sum over the channels of what a closure writes, weighted with the conjugate sensitivities.
  private func sum(
    _ write: (_ channel: Int, UnsafeMutableBufferPointer<Complex<Float>>) -> Void
  ) -> NDArray<Complex<Float>> {
    var result = NDArray<Complex<Float>>(repeating: .zero, shape: shape)
    result.withUnsafeMutableBufferPointer { sum in
      maps.withUnsafeBufferPointer { maps in
        withPlane { plane in
          for channel in 0..<channels {
            write(channel, plane)
            let offset = channel * voxels
            for voxel in 0..<voxels { sum[voxel] += maps[offset + voxel].conjugate * plane[voxel] }
          }
        }
      }
    }
    return result
  }

  private func withPlane(_ body: (UnsafeMutableBufferPointer<Complex<Float>>) -> Void) {
    withUnsafeTemporaryAllocation(byteCount: voxels * MemoryLayout<Complex<Float>>.stride, alignment: 64) {
      let plane = $0.bindMemory(to: Complex<Float>.self)
      plane.initialize(repeating: .zero)
      body(plane)
    }
  }
}
