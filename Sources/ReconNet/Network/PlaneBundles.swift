import FourierTransforms
import NDArrays
import Numerics

/// A volume `[z, y, x]` taken apart into bundles of `(z, y)` planes that fit into a cache.
struct PlaneBundles: Sendable {
  /// The transform of a bundle, over `(z, y)`.
  let transform: FourierTransform
  /// The extent along `x`.
  let length: Int
  /// The number of bundles.
  var count: Int { (length + width - 1) / width }

  private let rows: Int
  private let width: Int

  /// - Parameter shape: The extents `[z, y, x]`.
  init(shape: [Int]) {
    length = shape[2]
    rows = shape[0] * shape[1]
    // Eight planes fill a cache line of every row.
    width = min(8, length)
    transform = FourierTransform(shape: [shape[0], shape[1], width], axes: [0, 1])
  }

  /// Calls a closure with a copy of one bundle, axes `[z, y, plane]`, and copies it back.
  ///
  /// The last bundle may have fewer planes than the others; the rest of its copy is zero.
  func withBundle(
    _ bundle: Int, of volume: SharedBuffer<Complex<Float>>,
    _ body: (_ values: UnsafeMutableBufferPointer<Complex<Float>>, _ width: Int, _ range: Range<Int>) -> Void
  ) {
    let range = bundle * width..<min(length, (bundle + 1) * width)
    withUnsafeTemporaryAllocation(
      byteCount: rows * width * MemoryLayout<Complex<Float>>.stride, alignment: 64
    ) { memory in
      let values = memory.bindMemory(to: Complex<Float>.self)
      values.initialize(repeating: .zero)
      for row in 0..<rows {
        let source = volume[row * length + range.lowerBound..<row * length + range.upperBound]
        _ = UnsafeMutableBufferPointer(rebasing: values[row * width..<row * width + range.count])
          .update(fromContentsOf: UnsafeBufferPointer(source))
      }
      body(values, width, range)
      for row in 0..<rows {
        let target = volume[row * length + range.lowerBound..<row * length + range.upperBound]
        _ = target.update(
          fromContentsOf: UnsafeBufferPointer(rebasing: values[row * width..<row * width + range.count]))
      }
    }
  }
}
