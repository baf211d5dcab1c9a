import NDArrays
import Numerics

/// The transform of contiguous planes in place, with the phases before and perhaps after it.
struct PlanePass: Sendable {
  /// The transform along the last axis, repeated for every row.
  private let rows: Plan?
  /// The transforms along the other axes.
  private let columns: [Columns]
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
    let size = axes.reduce(1) { $0 * $1.extent }
    self.size = size
    rows = axes.last.flatMap { row in
      guard row.isTransformed else { return nil }
      return Plan(
        transforming: Plan.Axis(extent: row.extent, stride: 1),
        repeating: Plan.Axis(extent: size / row.extent, stride: row.extent), direction: direction,
        planning: planning)
    }
    columns = axes.indices.dropLast().filter { axes[$0].isTransformed }.map { axis in
      Columns(
        length: axes[axis].extent, width: axes[(axis + 1)...].reduce(1) { $0 * $1.extent },
        direction: direction, planning: planning)
    }
    before = Modulation(axes.map(\.before), isReal: isReal)
    self.after = after
    self.stacked = stacked
  }

  func apply(to block: SharedBuffer<Complex<Float>>, in planes: Range<Int>) {
    guard let start = block.elements.baseAddress else { return }
    for index in planes {
      let plane = start + index * size
      before.apply(to: plane, times: stacked[index])
      rows?.execute(plane)
      for columns in columns {
        for matrix in stride(from: 0, to: size, by: columns.length * columns.width) {
          columns.apply(to: plane + matrix)
        }
      }
      after?.apply(to: plane)
    }
  }
}

/// The transform along the first axis of a block, with the phases after and perhaps before it.
struct ColumnPass: Sendable {
  private let columns: Columns
  private let before: [Complex<Float>]?
  private let after: [Complex<Float>]
  private let innerAfter: Modulation

  /// The number of bundles of a block.
  var count: Int { columns.bundles }

  init(
    before: [Complex<Float>]?, after: [Complex<Float>], innerAfter: Modulation, width: Int,
    direction: Direction, planning: Planning
  ) {
    columns = Columns(length: after.count, width: width, direction: direction, planning: planning)
    self.before = before
    self.after = after
    self.innerAfter = innerAfter
  }

  func apply(to block: SharedBuffer<Complex<Float>>, bundle: Int) {
    guard let start = block.elements.baseAddress else { return }
    let factors = innerAfter.factors(of: columns.range(of: bundle))
    columns.withCopy { copy in
      columns.apply(to: start, bundle: bundle, in: copy) { source, target, row, count in
        if let before {
          for column in 0..<count { target[column] = source[column] * before[row] }
        } else {
          target.update(from: source, count: count)
        }
      } storing: { source, target, row, count in
        factors.multiply(source, times: after[row], into: target, count: count)
      }
    }
  }
}

/// The transform along the columns of a matrix, a bundle of neighbouring columns at a time.
///
/// Neighbours along a column are a row apart, often a power of two bytes, where they fight for the same few places
/// in the cache. Each bundle is therefore transformed in a compact copy.
struct Columns: Sendable {
  /// The number of elements of a column.
  let length: Int
  /// The number of columns.
  let width: Int
  private let bundle: Int
  private let plan: Plan

  /// The number of bundles.
  var bundles: Int { (width + bundle - 1) / bundle }

  init(length: Int, width: Int, direction: Direction, planning: Planning) {
    self.length = length
    self.width = width
    // As many columns as keep the copy within 40 kilobytes, in multiples of two cache lines.
    bundle = min(width, max(16, 5120 / length / 16 * 16))
    plan = Plan(
      transforming: Plan.Axis(extent: length, stride: bundle),
      repeating: Plan.Axis(extent: bundle, stride: 1), direction: direction, planning: planning)
  }

  /// The columns of a bundle.
  func range(of index: Int) -> Range<Int> { index * bundle..<min(width, (index + 1) * bundle) }

  /// A way to copy a number of elements of a row.
  typealias Copy = (
    _ source: UnsafePointer<Complex<Float>>, _ target: UnsafeMutablePointer<Complex<Float>>, _ row: Int,
    _ count: Int
  ) -> Void

  /// Lends the memory for a bundle's copy, for as many bundles as a closure transforms.
  func withCopy(_ body: (UnsafeMutablePointer<Complex<Float>>) -> Void) {
    withUnsafeTemporaryAllocation(
      byteCount: length * bundle * MemoryLayout<Complex<Float>>.stride, alignment: Plan.alignment
    ) { memory in
      let copy = memory.bindMemory(to: Complex<Float>.self)
      // The last bundle may have fewer columns than the copy.
      copy.initialize(repeating: .zero)
      copy.baseAddress.map(body)
    }
  }

  /// Transforms all columns.
  func apply(to matrix: UnsafeMutablePointer<Complex<Float>>) {
    withCopy { copy in
      for bundle in 0..<bundles { apply(to: matrix, bundle: bundle, in: copy) }
    }
  }

  /// Transforms a bundle, whose elements may be multiplied on their way to and from the copy.
  @inline(__always)
  func apply(
    to matrix: UnsafeMutablePointer<Complex<Float>>, bundle index: Int,
    in copy: UnsafeMutablePointer<Complex<Float>>,
    loading load: Copy = { source, target, _, count in target.update(from: source, count: count) },
    storing store: Copy = { source, target, _, count in target.update(from: source, count: count) }
  ) {
    let columns = range(of: index)
    for row in 0..<length {
      load(matrix + row * width + columns.lowerBound, copy + row * bundle, row, columns.count)
    }
    plan.execute(copy)
    for row in 0..<length {
      store(copy + row * bundle, matrix + row * width + columns.lowerBound, row, columns.count)
    }
  }
}
