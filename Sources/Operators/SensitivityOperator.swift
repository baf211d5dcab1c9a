import MRIData
import NDArrays
import Numerics

/// What each receive channel sees of an image.
///
/// ```
/// forward   y[c, r] = s[c, r] x[r]                [z, y, x] to [channel, z, y, x]
/// adjoint   x[r] = sum_c conj(s[c, r]) y[c, r]
/// gram      x[r] sum_c |s[c, r]|^2
/// ```
public struct SensitivityOperator: LinearOperator {
  private let maps: NDArray<Complex<Float>>
  /// The sum of squared magnitudes over the channels, axes `[z, y, x]`.
  private let power: NDArray<Float>

  /// The number of voxels that one thread works on at a time, few enough for their sum to stay in cache.
  private static let blockLength = 2048

  /// Creates the operator of a coil.
  public init(_ sensitivities: CoilSensitivities) {
    let maps = sensitivities.maps
    self.maps = maps
    power = NDArray(uninitializedShape: sensitivities.geometry.matrix.shape) { target in
      target.initialize(repeating: 0)
      let target = SharedBuffer(target), voxels = target.elements.count
      maps.withUnsafeBufferPointer { maps in
        let maps = SharedConstants(maps)
        Parallelism.forEachBlock(of: voxels, length: Self.blockLength) { block in
          for start in stride(from: 0, to: maps.elements.count, by: voxels) {
            for voxel in block { target[voxel] += maps[start + voxel].lengthSquared }
          }
        }
      }
    }
  }

  /// The images of all channels, axes `[channel, z, y, x]`.
  ///
  /// - Precondition: The image has the voxels of the sensitivities.
  public func callAsFunction(_ image: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    precondition(
      image.shape == power.shape, "an image of shape \(image.shape) has no sensitivities of \(maps.shape)")
    let image = image
    return NDArray(uninitializedShape: maps.shape) { target in
      let target = SharedBuffer(target)
      maps.withUnsafeBufferPointer { maps in
        image.withUnsafeBufferPointer { image in
          let maps = SharedConstants(maps), image = SharedConstants(image), voxels = image.elements.count
          Parallelism.forEachBlock(of: voxels, length: Self.blockLength) { block in
            for start in stride(from: 0, to: maps.elements.count, by: voxels) {
              for voxel in block { target[start + voxel] = maps[start + voxel] * image[voxel] }
            }
          }
        }
      }
    }
  }

  /// The images of all channels, weighted with their conjugate sensitivities and added up.
  ///
  /// - Precondition: The images have the channels and voxels of the sensitivities.
  public func applyAdjoint(_ images: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    precondition(
      images.shape == maps.shape, "images of shape \(images.shape) have no sensitivities of \(maps.shape)")
    let images = images
    return NDArray(uninitializedShape: power.shape) { target in
      target.initialize(repeating: .zero)
      let target = SharedBuffer(target), voxels = target.elements.count
      maps.withUnsafeBufferPointer { maps in
        images.withUnsafeBufferPointer { images in
          let maps = SharedConstants(maps), images = SharedConstants(images)
          Parallelism.forEachBlock(of: voxels, length: Self.blockLength) { block in
            for start in stride(from: 0, to: maps.elements.count, by: voxels) {
              for voxel in block { target[voxel] += maps[start + voxel].conjugate * images[start + voxel] }
            }
          }
        }
      }
    }
  }

  /// The image times the sum of the squared sensitivities.
  ///
  /// - Precondition: The image has the voxels of the sensitivities.
  public func applyGram(_ image: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    precondition(
      image.shape == power.shape, "an image of shape \(image.shape) has no sensitivities of \(maps.shape)")
    image.withUnsafeMutableBufferPointer { image in
      power.withUnsafeBufferPointer { power in
        let image = SharedBuffer(image), power = SharedConstants(power)
        Parallelism.forEachBlock(of: image.elements.count, length: Self.blockLength) { block in
          for voxel in block {
            let value = image[voxel]
            image[voxel] = Complex(value.real * power[voxel], value.imaginary * power[voxel])
          }
        }
      }
    }
    return image
  }
}
