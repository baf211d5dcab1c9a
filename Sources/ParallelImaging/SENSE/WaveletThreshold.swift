import MRIData
import NDArrays
import Numerics

/// Soft thresholding of a plane's Daubechies wavelet coefficients, in place.
///
/// The transform is orthonormal and periodic, with four taps. An axis is halved as long as 8 coefficients remain;
/// coefficients of the coarsest scale are kept. Extents that are no multiples of the coarsest scale leave a rim
/// untouched. The origin is drawn anew each time, so that, over many iterations, neither rim nor dyadic grid shows.
struct WaveletThreshold {
  private let rows: Int
  private let columns: Int
  private let rowLevels: Int
  private let columnLevels: Int
  private var generator: SeededGenerator

  /// `h[m]` of the scaling function; the wavelet has `(-1)^m h[3 - m]`.
  static let taps: [Float] = {
    let root = 3.0.squareRoot(), scale = 4 * 2.0.squareRoot()
    return [1 + root, 3 + root, 3 - root, 1 - root].map { Float($0 / scale) }
  }()

  init(rows: Int, columns: Int, generator: SeededGenerator) {
    func levels(_ extent: Int) -> Int { sequence(first: extent, next: { $0 / 2 }).prefix { $0 >= 16 }.count }
    self.rows = rows
    self.columns = columns
    rowLevels = levels(rows)
    columnLevels = levels(columns)
    self.generator = generator
  }

  /// Reduces all coefficients of details by a threshold, in each plane of a stack.
  mutating func apply(to planes: inout NDArray<Complex<Float>>, threshold: Float) {
    planes.withUnsafeMutableBufferPointer { planes in
      for start in stride(from: 0, to: planes.count, by: rows * columns) {
        apply(
          to: UnsafeMutableBufferPointer(rebasing: planes[start..<start + rows * columns]),
          threshold: threshold)
      }
    }
  }

  private mutating func apply(to plane: UnsafeMutableBufferPointer<Complex<Float>>, threshold: Float) {
    let origin = (row: generator.integer(below: rows), column: generator.integer(below: columns))
    let height = (rows >> rowLevels) << rowLevels, width = (columns >> columnLevels) << columnLevels
    withUnsafeTemporaryAllocation(of: Complex<Float>.self, capacity: 2 * height * width) { memory in
      guard let block = memory.baseAddress else { return }
      memory.initialize(repeating: .zero)
      let scratch = block + height * width
      for row in 0..<height {
        let start = (row + origin.row) % rows * columns
        for column in 0..<width {
          block[row * width + column] = plane[start + (column + origin.column) % columns]
        }
      }
      shrink(block, scratch, height: height, width: width, threshold)
      for row in 0..<height {
        let start = (row + origin.row) % rows * columns
        for column in 0..<width {
          plane[start + (column + origin.column) % columns] = block[row * width + column]
        }
      }
    }
  }

  /// Transforms, thresholds and transforms back, one level inside the other.
  private func shrink(
    _ block: UnsafeMutablePointer<Complex<Float>>, _ scratch: UnsafeMutablePointer<Complex<Float>>,
    height: Int,
    width: Int, _ threshold: Float
  ) {
    var levels: [WaveletLevel] = []
    for level in 0..<max(rowLevels, columnLevels) {
      let current = WaveletLevel(
        rows: height >> min(level, rowLevels), columns: width >> min(level, columnLevels), stride: width,
        splitsRows: level < rowLevels, splitsColumns: level < columnLevels, taps: Self.taps)
      current.analyse(block, scratch)
      current.shrinkDetails(block, threshold)
      levels.append(current)
    }
    for level in levels.reversed() { level.synthesise(block, scratch) }
  }
}

/// One level of the transform of the upper left corner of a block.
struct WaveletLevel {
  let rows: Int
  let columns: Int
  /// The distance of rows in elements.
  let stride: Int
  let splitsRows: Bool
  let splitsColumns: Bool
  let taps: [Float]

  /// Splits the corner into averages, which come first, and details.
  func analyse(_ block: UnsafeMutablePointer<Complex<Float>>, _ scratch: UnsafeMutablePointer<Complex<Float>>)
  {
    if splitsColumns {
      for row in 0..<rows {
        let line = block + row * stride, half = columns / 2
        for k in 0..<half {
          var low = Complex<Float>.zero, high = Complex<Float>.zero
          for m in 0..<4 {
            let value = line[wrapped(2 * k + m, columns)]
            low += value.multiplied(by: taps[m])
            high += value.multiplied(by: m % 2 == 0 ? taps[3 - m] : -taps[3 - m])
          }
          scratch[k] = low
          scratch[half + k] = high
        }
        line.update(from: scratch, count: columns)
      }
    }
    if splitsRows {
      for k in 0..<rows / 2 {
        let low = scratch + k * columns, high = scratch + (rows / 2 + k) * columns
        for column in 0..<columns {
          var average = Complex<Float>.zero, detail = Complex<Float>.zero
          for m in 0..<4 {
            let value = block[wrapped(2 * k + m, rows) * stride + column]
            average += value.multiplied(by: taps[m])
            detail += value.multiplied(by: m % 2 == 0 ? taps[3 - m] : -taps[3 - m])
          }
          low[column] = average
          high[column] = detail
        }
      }
      for row in 0..<rows { (block + row * stride).update(from: scratch + row * columns, count: columns) }
    }
  }

  /// Puts averages and details together again; the transpose of ``analyse(_:_:)``.
  func synthesise(
    _ block: UnsafeMutablePointer<Complex<Float>>, _ scratch: UnsafeMutablePointer<Complex<Float>>
  ) {
    if splitsRows {
      scratch.update(repeating: .zero, count: rows * columns)
      for k in 0..<rows / 2 {
        let low = block + k * stride, high = block + (rows / 2 + k) * stride
        for m in 0..<4 {
          let target = scratch + wrapped(2 * k + m, rows) * columns
          let average = taps[m], detail = m % 2 == 0 ? taps[3 - m] : -taps[3 - m]
          for column in 0..<columns {
            target[column] += low[column].multiplied(by: average) + high[column].multiplied(by: detail)
          }
        }
      }
      for row in 0..<rows { (block + row * stride).update(from: scratch + row * columns, count: columns) }
    }
    if splitsColumns {
      for row in 0..<rows {
        let line = block + row * stride, half = columns / 2
        scratch.update(repeating: .zero, count: columns)
        for k in 0..<half {
          for m in 0..<4 {
            scratch[wrapped(2 * k + m, columns)] +=
              line[k].multiplied(by: taps[m])
              + line[half + k].multiplied(by: m % 2 == 0 ? taps[3 - m] : -taps[3 - m])
          }
        }
        line.update(from: scratch, count: columns)
      }
    }
  }

  /// Moves the details of this level towards zero.
  func shrinkDetails(_ block: UnsafeMutablePointer<Complex<Float>>, _ threshold: Float) {
    let kept = (rows: splitsRows ? rows / 2 : rows, columns: splitsColumns ? columns / 2 : columns)
    for row in 0..<rows {
      for column in (row < kept.rows ? kept.columns : 0)..<columns {
        let value = block[row * stride + column], length = value.lengthSquared.squareRoot()
        block[row * stride + column] =
          length > threshold ? value.multiplied(by: 1 - threshold / length) : .zero
      }
    }
  }

  @inline(__always)
  private func wrapped(_ index: Int, _ extent: Int) -> Int { index < extent ? index : index - extent }
}
