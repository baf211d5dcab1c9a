import MRIData
import NDArrays
import Numerics

/// Soft thresholding of the wavelet coefficients of several channels at once, in place.
///
/// ```
/// d[c, j] (1 - t / |d[., j]|)_+       |d[., j]|^2 = sum_c |d[c, j]|^2
/// ```
///
/// The transform is that of ``WaveletThreshold``; all channels are shifted alike.
struct JointWaveletThreshold {
  private let rows: Int
  private let columns: Int
  private let rowLevels: Int
  private let columnLevels: Int
  private var generator: SeededGenerator

  init(rows: Int, columns: Int, generator: SeededGenerator) {
    func levels(_ extent: Int) -> Int { sequence(first: extent, next: { $0 / 2 }).prefix { $0 >= 16 }.count }
    self.rows = rows
    self.columns = columns
    rowLevels = levels(rows)
    columnLevels = levels(columns)
    self.generator = generator
  }

  /// Reduces the details of `[channel, row, column]` by a threshold.
  mutating func apply(to images: inout NDArray<Complex<Float>>, threshold: Float) {
    let origin = (row: generator.integer(below: rows), column: generator.integer(below: columns))
    let height = (rows >> rowLevels) << rowLevels, width = (columns >> columnLevels) << columnLevels
    let channels = images.shape[0], block = height * width, plane = rows * columns
    withUnsafeTemporaryAllocation(of: Complex<Float>.self, capacity: (channels + 1) * block) { memory in
      guard let blocks = memory.baseAddress else { return }
      memory.initialize(repeating: .zero)
      let scratch = blocks + channels * block
      images.withUnsafeMutableBufferPointer { images in
        func forEachRow(_ body: (_ block: Int, _ row: Int) -> Void) {
          for channel in 0..<channels {
            for row in 0..<height {
              body(
                channel * block + row * width, channel * plane + (row + origin.row) % rows * columns)
            }
          }
        }
        forEachRow { target, source in
          for column in 0..<width {
            blocks[target + column] = images[source + (column + origin.column) % columns]
          }
        }
        let levels = (0..<max(rowLevels, columnLevels)).map { level in
          WaveletLevel(
            rows: height >> min(level, rowLevels), columns: width >> min(level, columnLevels), stride: width,
            splitsRows: level < rowLevels, splitsColumns: level < columnLevels, taps: WaveletThreshold.taps)
        }
        for level in levels {
          for channel in 0..<channels { level.analyse(blocks + channel * block, scratch) }
          level.shrinkDetails(blocks, channels: channels, block: block, threshold)
        }
        for level in levels.reversed() {
          for channel in 0..<channels { level.synthesise(blocks + channel * block, scratch) }
        }
        forEachRow { source, target in
          for column in 0..<width {
            images[target + (column + origin.column) % columns] = blocks[source + column]
          }
        }
      }
    }
  }
}

extension WaveletLevel {
  /// Moves the details of this level towards zero, in all channels alike.
  fileprivate func shrinkDetails(
    _ blocks: UnsafeMutablePointer<Complex<Float>>, channels: Int, block: Int, _ threshold: Float
  ) {
    let kept = (rows: splitsRows ? rows / 2 : rows, columns: splitsColumns ? columns / 2 : columns)
    for row in 0..<rows {
      for column in (row < kept.rows ? kept.columns : 0)..<columns {
        let first = row * stride + column
        var power: Float = 0
        for channel in 0..<channels { power += blocks[first + channel * block].lengthSquared }
        let length = power.squareRoot()
        let factor = length > threshold ? 1 - threshold / length : 0
        for channel in 0..<channels {
          blocks[first + channel * block] = blocks[first + channel * block].multiplied(by: factor)
        }
      }
    }
  }
}
