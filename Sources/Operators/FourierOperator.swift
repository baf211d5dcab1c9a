import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// The centred unitary Fourier transform of images to k-space, `exp(-2 pi i k r)`.
///
/// Arrays may have any axes in front of the transformed shape: `[channel, z, y, x]` becomes
/// `[channel, kz, ky, kx]`.
public struct FourierOperator: LinearOperator {
  private let transform: FourierTransform

  /// Creates the transform of items of a shape.
  ///
  /// - Parameters:
  ///   - shape: The extents of one item, `[z, y, x]`.
  ///   - axes: The axes of `shape` to transform; all of them unless given.
  ///   - planning: How long to look for the fastest way.
  public init(shape: [Int], axes: [Int]? = nil, planning: Planning = .estimate) {
    transform = FourierTransform(shape: shape, axes: axes, planning: planning)
  }

  /// Creates the transform of volumes of a matrix.
  public init(_ matrix: Extents) { self.init(shape: matrix.shape) }

  /// The k-space of images.
  public func callAsFunction(_ images: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    transform.forward(&images)
    return images
  }

  /// The images of k-space; the transform is unitary, so this is the inverse.
  public func applyAdjoint(_ kSpace: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> {
    transform.inverse(&kSpace)
    return kSpace
  }

  /// The images themselves.
  public func applyGram(_ images: consuming NDArray<Complex<Float>>) -> NDArray<Complex<Float>> { images }
}
