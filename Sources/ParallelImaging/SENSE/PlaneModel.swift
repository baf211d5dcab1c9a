import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Operators

/// The encoding of one `(ky, kz)` plane by sensitivities, Fourier transform and sampling.
///
/// ```
/// y[c, j] = sum_m (F s_mc x_m)(k_j)         [set, z, y] to [channel, acquired position]
/// ```
///
/// There is one image `x_m` per set of sensitivities; with a single set, images have the axes `[z, y]`.
package struct PlaneModel: LinearOperator {
  /// The sensitivities, axes `[set, channel, z, y]`.
  let maps: NDArray<Complex<Float>>
  let positions: [Int]
  private let transform: FourierTransform

  private var sets: Int { maps.shape[0] }
  var channels: Int { maps.shape[1] }
  private var voxels: Int { transform.count }

  /// The axes of an image.
  package var imageShape: [Int] { (sets == 1 ? [] : [sets]) + transform.shape }

  /// Creates the model of a plane.
  ///
  /// - Parameters:
  ///   - maps: The sensitivities, axes `[channel, z, y]` or `[set, channel, z, y]`.
  ///   - positions: The offsets `kz lines + ky` of the acquired positions, ascending.
  ///   - transform: The transform of one plane.
  init(maps: NDArray<Complex<Float>>, positions: [Int], transform: FourierTransform) {
    precondition(
      (3...4).contains(maps.shape.count) && Array(maps.shape.suffix(2)) == transform.shape,
      "sensitivities of shape \(maps.shape) for planes of \(transform.shape)")
    self.maps = maps.shape.count == 4 ? maps : maps.reshaped(to: [1] + maps.shape)
    self.positions = positions
    self.transform = transform
  }

  /// The number of voxels with sensitivity of some channel.
  var supportCount: Int {
    maps.withUnsafeBufferPointer { maps in
      (0..<voxels).count { voxel in
        stride(from: voxel, to: maps.count, by: voxels).contains { maps[$0] != .zero }
      }
    }
  }

  /// A bound of the largest eigenvalue of `A^H A`, reached by sets of orthogonal sensitivities.
  var largestPower: Float {
    maps.withUnsafeBufferPointer { maps in
      let row = channels * voxels
      var largest: Float = 0
      for voxel in 0..<voxels {
        for set in 0..<sets {
          var bound: Float = 0
          for other in 0..<sets {
            var product = Complex<Float>.zero
            for offset in stride(from: voxel, to: row, by: voxels) {
              product += maps[set * row + offset].conjugate * maps[other * row + offset]
            }
            bound += product.length
          }
          largest = max(largest, bound)
        }
      }
      return largest
    }
  }

  package func callAsFunction(_ image: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    let image = image
    return NDArray(uninitializedShape: [channels, positions.count]) { samples in
      withChannels(of: image) { write in
        withPlane { plane in
          for channel in 0..<channels {
            write(channel, plane)
            transform.forward(plane)
            for (index, position) in positions.enumerated() {
              samples.initializeElement(at: channel * positions.count + index, to: plane[position])
            }
          }
        }
      }
    }
  }

  package func applyAdjoint(_ samples: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
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

  package func applyGram(_ image: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    let image = image
    return withChannels(of: image) { write in
      sum { channel, plane in
        write(channel, plane)
        transform.forward(plane)
        keepAcquired(plane)
        transform.inverse(plane)
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

  /// Calls a closure with what writes the image that a channel sees.
  private func withChannels<Result>(
    of image: NDArray<Complex<Float>>,
    _ body: ((_ channel: Int, UnsafeMutableBufferPointer<Complex<Float>>) -> Void) -> Result
  ) -> Result {
    precondition(image.shape == imageShape, "an image of shape \(image.shape) instead of \(imageShape)")
    return image.withUnsafeBufferPointer { image in
      maps.withUnsafeBufferPointer { maps in
        body { channel, plane in
          let first = channel * voxels
          for voxel in 0..<voxels { plane[voxel] = maps[first + voxel] * image[voxel] }
          for set in 1..<max(sets, 1) {
            let offset = (set * channels + channel) * voxels
            for voxel in 0..<voxels { plane[voxel] += maps[offset + voxel] * image[set * voxels + voxel] }
          }
        }
      }
    }
  }

  /// The sum over the channels of what a closure writes, weighted with the conjugate sensitivities of each set.
  private func sum(
    _ write: (_ channel: Int, UnsafeMutableBufferPointer<Complex<Float>>) -> Void
  ) -> NDArray<Complex<Float>> {
    var result = NDArray<Complex<Float>>(repeating: .zero, shape: imageShape)
    result.withUnsafeMutableBufferPointer { sum in
      maps.withUnsafeBufferPointer { maps in
        withPlane { plane in
          for channel in 0..<channels {
            write(channel, plane)
            for set in 0..<sets {
              let offset = (set * channels + channel) * voxels, target = set * voxels
              for voxel in 0..<voxels {
                sum[target + voxel] += maps[offset + voxel].conjugate * plane[voxel]
              }
            }
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
