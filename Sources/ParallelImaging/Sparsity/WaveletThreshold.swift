import MRIData
import NDArrays
import Numerics

/// Soft thresholding of the Daubechies wavelet coefficients of planes or volumes, in place.
///
/// ```
/// d[j] (1 - t / |d[j]|)_+        or jointly      d[m, j] (1 - t / |d[., j]|)_+    |d[., j]|^2 = sum_m |d[m, j]|^2
/// ```
///
/// The transform is orthonormal and periodic, with four taps. An axis is halved as long as 8 coefficients remain;
/// coefficients of the coarsest scale are kept. Extents that are no multiples of the coarsest scale leave a rim
/// untouched. The origin is drawn anew each time, so that, over many iterations, neither rim nor dyadic grid shows.
struct WaveletThreshold {
  private let extents: WaveletLevel.Extents
  private let levels: WaveletLevel.Extents
  private var generator: SeededGenerator

  /// Creates the thresholding of planes `[row, column]`, or of volumes `[plane, row, column]`.
  init(planes: Int = 1, rows: Int, columns: Int, generator: SeededGenerator) {
    func levels(_ extent: Int) -> Int { sequence(first: extent, next: { $0 / 2 }).prefix { $0 >= 16 }.count }
    extents = WaveletLevel.Extents(planes: planes, rows: rows, columns: columns)
    self.levels = WaveletLevel.Extents(planes: levels(planes), rows: levels(rows), columns: levels(columns))
    self.generator = generator
  }

  /// Reduces the details of all members of a set by a threshold.
  ///
  /// - Parameters:
  ///   - images: The images, axes `[plane, member, row, column]`.
  ///   - threshold: How much coefficients are reduced by.
  ///   - together: How many members, one after the other, have coefficients that count as one vector at each place.
  mutating func apply(
    to images: inout NDArray<Complex<Float>>, threshold: Float, together: Int = 1
  ) {
    let full = extents
    let origin = WaveletLevel.Extents(
      planes: generator.integer(below: full.planes), rows: generator.integer(below: full.rows),
      columns: generator.integer(below: full.columns))
    let block = WaveletLevel.Extents(
      planes: (full.planes >> levels.planes) << levels.planes,
      rows: (full.rows >> levels.rows) << levels.rows,
      columns: (full.columns >> levels.columns) << levels.columns)
    let members = images.count / (full.planes * full.rows * full.columns)
    var blocks = NDArray<Complex<Float>>(repeating: .zero, shape: [members, block.count])
    blocks.withUnsafeMutableBufferPointer { blocks in
      images.withUnsafeMutableBufferPointer { images in
        let blocks = SharedBuffer(blocks), images = SharedBuffer(images)
        /// Calls a closure with where each row of the block lies in the blocks and in the images.
        func forEachRow(_ body: @Sendable (_ block: Int, _ row: Int) -> Void) {
          Parallelism.forEach(members * block.planes) { index in
            let (member, plane) = index.quotientAndRemainder(dividingBy: block.planes)
            let place = (plane + origin.planes) % full.planes * members + member
            for row in 0..<block.rows {
              body(
                (index * block.rows + row) * block.columns,
                (place * full.rows + (row + origin.rows) % full.rows) * full.columns)
            }
          }
        }
        // A row of the block is one of the image from the origin on, up to its end and on from its start.
        let turn = origin.columns, width = block.columns
        let rest = min(width, full.columns - turn)
        forEachRow { target, source in
          for column in 0..<rest { blocks[target + column] = images[source + turn + column] }
          for column in rest..<width { blocks[target + column] = images[source + column - rest] }
        }
        shrink(blocks, members: members, block, threshold, together)
        forEachRow { source, target in
          for column in 0..<rest { images[target + turn + column] = blocks[source + column] }
          for column in rest..<width { images[target + column - rest] = blocks[source + column] }
        }
      }
    }
  }

  /// Transforms, thresholds and transforms back, one level inside the other.
  private func shrink(
    _ blocks: SharedBuffer<Complex<Float>>, members: Int, _ block: WaveletLevel.Extents, _ threshold: Float,
    _ together: Int
  ) {
    let most = max(levels.planes, levels.rows, levels.columns)
    let steps = (0..<most).map { level in
      WaveletLevel(
        corner: WaveletLevel.Extents(
          planes: block.planes >> min(level, levels.planes), rows: block.rows >> min(level, levels.rows),
          columns: block.columns >> min(level, levels.columns)),
        block: block, splitsPlanes: level < levels.planes, splitsRows: level < levels.rows,
        splitsColumns: level < levels.columns)
    }
    for step in steps {
      for member in 0..<members { step.analyse(blocks, from: member * block.count) }
      for member in stride(from: 0, to: members, by: together) {
        step.shrinkDetails(blocks, from: member * block.count, members: together, threshold)
      }
    }
    for step in steps.reversed() {
      for member in 0..<members { step.synthesise(blocks, from: member * block.count) }
    }
  }
}
