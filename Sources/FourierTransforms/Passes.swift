import NDArrays
import Numerics

/// The transform of contiguous planes in place, with the phases before and perhaps after it.
struct PlanePass: Sendable {
  private let plan: Plan
  private let size: Int
  private let before: Modulation
  private let after: Modulation?
  /// The factor of each plane of the stack.
  private let stacked: [Complex<Float>]

  /// The number of planes of a block.
  var count: Int { stacked.count }

  init(
    axes: [BlockAxis], stacked: [Complex<Float>], after: Modulation?, isReal: Bool,
    direction: Direction, planning: Planning
  ) {
    var stride = 1
    var transforming: [Plan.Axis] = []
    var repeating: [Plan.Axis] = []
    for axis in axes.reversed() {
      let planned = Plan.Axis(extent: axis.extent, stride: stride)
      if axis.isTransformed { transforming.insert(planned, at: 0) } else { repeating.insert(planned, at: 0) }
      stride *= axis.extent
    }
    size = stride
    plan = Plan(transforming: transforming, repeating: repeating, direction: direction, planning: planning)
    before = Modulation(axes.map(\.before), isReal: isReal)
    self.after = after
    self.stacked = stacked
  }

  func apply(to block: SharedBuffer<Complex<Float>>, in planes: Range<Int>) {
    guard let start = block.elements.baseAddress else { return }
    for index in planes {
      let plane = start + index * size
      before.apply(to: plane, times: stacked[index])
      plan.execute(plane)
      after?.apply(to: plane)
    }
  }
}

/// The transform along the first axis of a block, a bundle of neighbouring columns at a time.
///
/// Neighbours along the first axis are a plane apart, often a power of two bytes, where they fight for the same
/// few places in the cache. Each bundle is therefore transformed in a compact copy.
struct ColumnPass: Sendable {
  private let plan: Plan
  private let length: Int
  private let width: Int
  private let before: [Complex<Float>]?
  private let after: [Complex<Float>]
  private let innerAfter: Modulation
  private let bundle: Int

  /// The number of bundles of a block.
  var count: Int { (width + bundle - 1) / bundle }

  init(
    before: [Complex<Float>]?, after: [Complex<Float>], innerAfter: Modulation, width: Int,
    direction: Direction, planning: Planning
  ) {
    length = after.count
    self.width = width
    self.before = before
    self.after = after
    self.innerAfter = innerAfter
    // As many columns as keep the copy within 40 kilobytes, in multiples of two cache lines.
    bundle = min(width, max(16, 5120 / length / 16 * 16))
    plan = Plan(
      transforming: [Plan.Axis(extent: length, stride: bundle)],
      repeating: [Plan.Axis(extent: bundle, stride: 1)], direction: direction, planning: planning)
  }

  func apply(to block: SharedBuffer<Complex<Float>>, bundle index: Int) {
    guard let start = block.elements.baseAddress else { return }
    let columns = index * bundle..<min(width, (index + 1) * bundle)
    let factors = innerAfter.factors(of: columns)
    withUnsafeTemporaryAllocation(
      byteCount: length * bundle * MemoryLayout<Complex<Float>>.stride, alignment: Plan.alignment
    ) { memory in
      let copy = memory.bindMemory(to: Complex<Float>.self)
      guard let compact = copy.baseAddress else { return }
      if columns.count < bundle { copy.initialize(repeating: .zero) }
      for row in 0..<length {
        let source = start + row * width + columns.lowerBound
        let target = compact + row * bundle
        if let before {
          for column in 0..<columns.count { target[column] = source[column] * before[row] }
        } else {
          target.initialize(from: source, count: columns.count)
        }
      }
      plan.execute(compact)
      for row in 0..<length {
        factors.multiply(
          compact + row * bundle, times: after[row], into: start + row * width + columns.lowerBound,
          count: columns.count)
      }
    }
  }
}
