import NDArrays
import Numerics

/// One direction of a centred transform, split so that every pass works in cache.
///
/// Axes before the first transformed one are a batch of blocks. A block that fits into the cache is transformed
/// in one pass. A larger one is a stack of planes along its first axis:
///
/// ```
/// planes    for each plane                x a, FFT along the inner axes, one after the other
/// columns   for each bundle of columns    gather, FFT along the first axis, x b / sqrt(N), scatter
/// ```
///
/// where `a` and `b` are the centring phases of all axes. Both passes take the samples from memory once, and
/// their planes and bundles are what threads share.
struct CentredTransform: Sendable {
  /// The number of elements of a block.
  private let count: Int
  private let planes: PlanePass?
  private let columns: ColumnPass?

  /// Blocks up to this number of elements (half a megabyte) are transformed at once.
  private static let largestPlane = 1 << 16

  init(shape: [Int], axes: [Int], direction: Direction, planning: Planning) {
    // An axis of extent 1 is its own transform.
    let transformed = Set(axes.filter { shape[$0] > 1 })
    let first = transformed.min() ?? shape.count
    let block = shape[first...].enumerated().map { offset, extent in
      BlockAxis(
        extent: extent, isTransformed: transformed.contains(first + offset), direction: direction)
    }
    count = shape[first...].reduce(1, *)
    let isReal = block.allSatisfy(\.isReal)
    let scale = Complex(1 / Float(transformed.reduce(1) { $0 * shape[$1] }).squareRoot(), 0)

    guard let outer = block.first else {
      planes = nil
      columns = nil
      return
    }
    let inner = Array(block.dropFirst())
    if count <= Self.largestPlane || inner.isEmpty {
      planes = PlanePass(
        axes: block, stacked: [1], after: Modulation([[scale]] + block.map(\.after), isReal: isReal),
        isReal: isReal, direction: direction, planning: planning)
      columns = nil
    } else {
      let hasPlanes = inner.contains(where: \.isTransformed)
      planes =
        hasPlanes
        ? PlanePass(
          axes: inner, stacked: outer.before, after: nil, isReal: isReal, direction: direction,
          planning: planning) : nil
      columns = ColumnPass(
        before: hasPlanes ? nil : outer.before, after: outer.after.map { $0 * scale },
        innerAfter: Modulation(inner.map(\.after), isReal: isReal), width: count / outer.extent,
        direction: direction,
        planning: planning)
    }
  }

  /// Transforms one item on the calling thread.
  func apply(to item: UnsafeMutableBufferPointer<Complex<Float>>) {
    let item = SharedBuffer(item)
    for start in stride(from: 0, to: item.elements.count, by: count) {
      let block = SharedBuffer(item[start..<start + count])
      planes?.apply(to: block, in: 0..<(planes?.count ?? 0))
      for bundle in 0..<(columns?.count ?? 0) { columns?.apply(to: block, bundle: bundle) }
    }
  }

  /// Transforms all items of a batch on all threads.
  func applyOnAllThreads(to batch: UnsafeMutableBufferPointer<Complex<Float>>) {
    guard planes != nil || columns != nil else { return }
    let batch = SharedBuffer(batch)
    let blocks = batch.elements.count / count
    if blocks >= Parallelism.threads {
      // Rows or small planes are handed out in groups, so that counting them costs nothing.
      Parallelism.forEachBlock(of: blocks, length: max(1, min(Self.largestPlane / count, blocks / 16))) {
        apply(to: batch[$0.lowerBound * count..<$0.upperBound * count])
      }
    } else {
      for index in 0..<blocks {
        let block = SharedBuffer(batch[index * count..<(index + 1) * count])
        if let planes {
          Parallelism.forEach(planes.count) { planes.apply(to: block, in: $0..<$0 + 1) }
        }
        if let columns {
          Parallelism.forEach(columns.count) { columns.apply(to: block, bundle: $0) }
        }
      }
    }
  }
}

/// An axis of a block with its centring phases; all 1 where it is not transformed.
struct BlockAxis {
  let extent: Int
  let isTransformed: Bool
  let before: [Complex<Float>]
  let after: [Complex<Float>]

  /// Whether the phases are signs.
  var isReal: Bool { !isTransformed || extent % 2 == 0 }

  init(extent: Int, isTransformed: Bool, direction: Direction) {
    self.extent = extent
    self.isTransformed = isTransformed
    let ones = [Complex<Float>](repeating: 1, count: extent)
    before = isTransformed ? CentringPhases.before(extent: extent, direction: direction) : ones
    after = isTransformed ? CentringPhases.after(extent: extent, direction: direction) : ones
  }
}
