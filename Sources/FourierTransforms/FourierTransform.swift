import NDArrays
import Numerics

/// The centred unitary Fourier transform of the trailing axes of an array.
///
/// Along every transformed axis of extent `n`, with centre `c = n / 2` (integer division):
///
/// ```
/// forward   y[k] = n^(-1/2) sum_r x[r] exp(-2 pi i (k - c) (r - c) / n)     image to k-space
/// inverse   x[r] = n^(-1/2) sum_k y[k] exp(+2 pi i (k - c) (r - c) / n)     k-space to image
/// ```
///
/// The inverse is therefore the adjoint. The extents may be any numbers: even, odd, prime or 1.
///
///     let transform = FourierTransform(shape: [partitions, lines, readoutLength])
///     transform.inverse(&scan.samples)   // every echo and channel of [echo, channel, kz, ky, kx]
///
/// A transform is planned once and may be used from many threads at once. Centring moves no data: it is a
/// multiplication with phases (signs, where the extent is even) before and after FFTW's transform, done while
/// the samples are in cache.
public final class FourierTransform: Sendable {
  /// The extents of one item; leading axes of an array beyond these are a batch.
  public let shape: [Int]
  /// The transformed axes of ``shape``, ascending.
  public let axes: [Int]

  /// The number of elements of one item.
  public var count: Int { shape.reduce(1, *) }

  private let toKSpace: CentredTransform
  private let toImage: CentredTransform

  /// Plans a transform.
  ///
  /// - Parameters:
  ///   - shape: The extents of one item.
  ///   - axes: The axes of `shape` to transform; all of them unless given.
  ///   - planning: How long to look for the fastest way.
  /// - Precondition: Every extent is positive, and the axes are distinct and belong to the shape.
  public init(shape: [Int], axes: [Int]? = nil, planning: Planning = .estimate) {
    let axes = (axes ?? Array(shape.indices)).sorted()
    precondition(shape.allSatisfy { $0 > 0 }, "an item of shape \(shape) has nothing to transform")
    precondition(
      Set(axes).count == axes.count && axes.allSatisfy(shape.indices.contains),
      "axes \(axes) are not distinct axes of shape \(shape)")
    self.shape = shape
    self.axes = axes
    toKSpace = CentredTransform(shape: shape, axes: axes, direction: .forward, planning: planning)
    toImage = CentredTransform(shape: shape, axes: axes, direction: .inverse, planning: planning)
  }

  /// Transforms images to k-space in place, all items of a batch, on all threads.
  ///
  /// - Precondition: The array's trailing axes have the extents of ``shape``.
  public func forward(_ array: inout NDArray<Complex<Float>>) { transform(&array, by: toKSpace) }

  /// Transforms k-space to images in place, all items of a batch, on all threads.
  ///
  /// - Precondition: The array's trailing axes have the extents of ``shape``.
  public func inverse(_ array: inout NDArray<Complex<Float>>) { transform(&array, by: toImage) }

  /// Transforms one image to k-space in place on the calling thread, as loops over channels or planes need it.
  ///
  /// - Precondition: The buffer holds ``count`` elements.
  public func forward(_ item: UnsafeMutableBufferPointer<Complex<Float>>) { transform(item, by: toKSpace) }

  /// Transforms the k-space of one image in place on the calling thread, as loops over channels or planes need it.
  ///
  /// - Precondition: The buffer holds ``count`` elements.
  public func inverse(_ item: UnsafeMutableBufferPointer<Complex<Float>>) { transform(item, by: toImage) }

  private func transform(_ array: inout NDArray<Complex<Float>>, by transform: CentredTransform) {
    precondition(
      Array(array.shape.suffix(shape.count)) == shape,
      "an array of shape \(array.shape) does not end in the transform's \(shape)")
    array.withUnsafeMutableBufferPointer { transform.applyOnAllThreads(to: $0) }
  }

  private func transform(_ item: UnsafeMutableBufferPointer<Complex<Float>>, by transform: CentredTransform) {
    precondition(
      item.count == count, "a buffer of \(item.count) elements is not one item of shape \(shape)")
    transform.apply(to: item)
  }
}
