import NDArrays
import Numerics

/// One level of the wavelet transform of the first corner of a block.
struct WaveletLevel: Sendable {
  /// The extents of a block or of a part of it.
  struct Extents: Sendable {
    var planes: Int
    var rows: Int
    var columns: Int

    var count: Int { planes * rows * columns }
  }

  /// The part of the block that is split.
  let corner: Extents
  let block: Extents
  let splitsPlanes: Bool
  let splitsRows: Bool
  let splitsColumns: Bool

  /// `h[m]` of the scaling function; the wavelet has `(-1)^m h[3 - m]`.
  static let taps: [Float] = {
    let root = 3.0.squareRoot(), scale = 4 * 2.0.squareRoot()
    return [1 + root, 3 + root, 3 - root, 1 - root].map { Float($0 / scale) }
  }()

  /// Splits the corner into averages, which come first, and details.
  func analyse(_ blocks: SharedBuffer<Complex<Float>>, from first: Int) {
    forEachPlane(of: blocks, from: first) { plane, scratch in
      if splitsColumns {
        for row in 0..<corner.rows { Self.split(plane + row * block.columns, corner.columns, scratch) }
      }
      if splitsRows {
        Self.split(plane, corner.rows, stride: block.columns, width: corner.columns, scratch)
      }
    }
    guard splitsPlanes else { return }
    forEachSection(of: blocks, from: first) { section, scratch in
      Self.split(
        section, corner.planes, stride: block.rows * block.columns, width: corner.columns, scratch)
    }
  }

  /// Puts averages and details together again; the transpose of ``analyse(_:from:)``.
  func synthesise(_ blocks: SharedBuffer<Complex<Float>>, from first: Int) {
    if splitsPlanes {
      forEachSection(of: blocks, from: first) { section, scratch in
        Self.join(
          section, corner.planes, stride: block.rows * block.columns, width: corner.columns, scratch)
      }
    }
    forEachPlane(of: blocks, from: first) { plane, scratch in
      if splitsRows {
        Self.join(plane, corner.rows, stride: block.columns, width: corner.columns, scratch)
      }
      if splitsColumns {
        for row in 0..<corner.rows { Self.join(plane + row * block.columns, corner.columns, scratch) }
      }
    }
  }

  /// Moves the details of this level towards zero, those of several blocks one after the other as one vector.
  func shrinkDetails(
    _ blocks: SharedBuffer<Complex<Float>>, from first: Int, members: Int, _ threshold: Float
  ) {
    let kept = Extents(
      planes: splitsPlanes ? corner.planes / 2 : corner.planes,
      rows: splitsRows ? corner.rows / 2 : corner.rows,
      columns: splitsColumns ? corner.columns / 2 : corner.columns)
    let size = block.count
    forEachPlane(of: blocks, from: first) { plane, index, _ in
      for row in 0..<corner.rows {
        let start = index < kept.planes && row < kept.rows ? kept.columns : 0
        let line = plane + row * block.columns
        for column in start..<corner.columns {
          var power: Float = 0
          for member in 0..<members { power += line[column + member * size].lengthSquared }
          let length = power.squareRoot()
          let factor = length > threshold ? 1 - threshold / length : 0
          for member in 0..<members {
            line[column + member * size] = line[column + member * size].multiplied(by: factor)
          }
        }
      }
    }
  }

  private typealias Pointer = UnsafeMutablePointer<Complex<Float>>

  /// Calls a closure with each plane of the corner and scratch for one of them.
  private func forEachPlane(
    of blocks: SharedBuffer<Complex<Float>>, from first: Int,
    _ body: @Sendable (_ plane: Pointer, _ scratch: Pointer) -> Void
  ) {
    forEachPlane(of: blocks, from: first) { plane, _, scratch in body(plane, scratch) }
  }

  private func forEachPlane(
    of blocks: SharedBuffer<Complex<Float>>, from first: Int,
    _ body: @Sendable (_ plane: Pointer, _ index: Int, _ scratch: Pointer) -> Void
  ) {
    Parallelism.forEach(corner.planes) { index in
      Self.withScratch(corner.rows * corner.columns) { scratch in
        guard let start = blocks.elements.baseAddress else { return }
        body(start + first + index * block.rows * block.columns, index, scratch)
      }
    }
  }

  /// Calls a closure with each row of the corner's first plane, at which a section along the planes starts.
  private func forEachSection(
    of blocks: SharedBuffer<Complex<Float>>, from first: Int,
    _ body: @Sendable (_ section: Pointer, _ scratch: Pointer) -> Void
  ) {
    Parallelism.forEach(corner.rows) { row in
      Self.withScratch(corner.planes * corner.columns) { scratch in
        guard let start = blocks.elements.baseAddress else { return }
        body(start + first + row * block.columns, scratch)
      }
    }
  }

  private static func withScratch(_ count: Int, _ body: (Pointer) -> Void) {
    withUnsafeTemporaryAllocation(byteCount: count * MemoryLayout<Complex<Float>>.stride, alignment: 64) {
      let scratch = $0.bindMemory(to: Complex<Float>.self)
      scratch.initialize(repeating: .zero)
      if let start = scratch.baseAddress { body(start) }
    }
  }
}

extension WaveletLevel {
  /// A complex number whose parts are treated alike.
  private typealias Pair = SIMD2<Float>

  /// Splits a line of consecutive numbers.
  private static func split(_ line: Pointer, _ count: Int, _ scratch: Pointer) {
    let half = count / 2, (a, b, c, d) = (taps[0], taps[1], taps[2], taps[3])
    line.withMemoryRebound(to: Pair.self, capacity: count) { line in
      scratch.withMemoryRebound(to: Pair.self, capacity: count) { scratch in
        for k in 0..<half {
          // The last pair reaches over the end.
          let next = 2 * k + 2 < count ? line + 2 * k + 2 : line
          let x = line[2 * k], y = line[2 * k + 1], z = next[0], w = next[1]
          scratch[k] = a * x + b * y + c * z + d * w
          scratch[half + k] = d * x - c * y + b * z - a * w
        }
        line.update(from: scratch, count: count)
      }
    }
  }

  /// Puts a line of consecutive numbers together again.
  private static func join(_ line: Pointer, _ count: Int, _ scratch: Pointer) {
    let half = count / 2, (a, b, c, d) = (taps[0], taps[1], taps[2], taps[3])
    line.withMemoryRebound(to: Pair.self, capacity: count) { line in
      scratch.withMemoryRebound(to: Pair.self, capacity: count) { scratch in
        for k in 0..<half {
          let last = k > 0 ? k - 1 : half - 1
          let low = line[k], high = line[half + k], lowBefore = line[last], highBefore = line[half + last]
          scratch[2 * k] = a * low + d * high + c * lowBefore + b * highBefore
          scratch[2 * k + 1] = b * low - c * high + d * lowBefore - a * highBefore
        }
        line.update(from: scratch, count: count)
      }
    }
  }

  /// Splits an axis along which rows of a width lie at a distance.
  private static func split(_ block: Pointer, _ count: Int, stride: Int, width: Int, _ scratch: Pointer) {
    let half = count / 2, (a, b, c, d) = (taps[0], taps[1], taps[2], taps[3])
    withParts(of: block, scratch) { block, scratch in
      for k in 0..<half {
        let next = 2 * k + 2 < count ? 2 * k + 2 : 0
        let x = block + 4 * k * stride, y = x + 2 * stride, z = block + 2 * next * stride, w = z + 2 * stride
        let low = scratch + 2 * k * width, high = low + 2 * half * width
        for index in 0..<2 * width {
          low[index] = a * x[index] + b * y[index] + c * z[index] + d * w[index]
          high[index] = d * x[index] - c * y[index] + b * z[index] - a * w[index]
        }
      }
    }
    for row in 0..<count { (block + row * stride).update(from: scratch + row * width, count: width) }
  }

  /// Puts an axis together again.
  private static func join(_ block: Pointer, _ count: Int, stride: Int, width: Int, _ scratch: Pointer) {
    let half = count / 2, (a, b, c, d) = (taps[0], taps[1], taps[2], taps[3])
    withParts(of: block, scratch) { block, scratch in
      for k in 0..<half {
        let last = k > 0 ? k - 1 : half - 1
        let low = block + 2 * k * stride, high = low + 2 * half * stride
        let lowBefore = block + 2 * last * stride, highBefore = lowBefore + 2 * half * stride
        let even = scratch + 4 * k * width, odd = even + 2 * width
        for index in 0..<2 * width {
          let l = low[index], h = high[index], m = lowBefore[index], i = highBefore[index]
          even[index] = a * l + d * h + c * m + b * i
          odd[index] = b * l - c * h + d * m - a * i
        }
      }
    }
    for row in 0..<count { (block + row * stride).update(from: scratch + row * width, count: width) }
  }

  /// Calls a closure with complex numbers as twice as many real ones.
  @inline(__always)
  private static func withParts(
    of block: Pointer, _ scratch: Pointer,
    _ body: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    block.withMemoryRebound(to: Float.self, capacity: 2) { block in
      scratch.withMemoryRebound(to: Float.self, capacity: 2) { scratch in body(block, scratch) }
    }
  }
}
