import NDArrays

/// Letters and bars on pictures: which side of the patient is where, and how long things are.
struct PictureMarks {
  /// Glyphs of five rows, a bit a pixel, the leftmost pixel the highest bit of their width.
  private static let glyphs: [Character: (width: Int, rows: [Int])] = [
    "R": (3, [0b110, 0b101, 0b110, 0b101, 0b101]), "L": (3, [0b100, 0b100, 0b100, 0b100, 0b111]),
    "A": (3, [0b010, 0b101, 0b111, 0b101, 0b101]), "P": (3, [0b110, 0b101, 0b110, 0b100, 0b100]),
    "0": (3, [0b111, 0b101, 0b101, 0b101, 0b111]), "1": (3, [0b010, 0b110, 0b010, 0b010, 0b111]),
    "2": (3, [0b110, 0b001, 0b010, 0b100, 0b111]), "5": (3, [0b111, 0b100, 0b110, 0b001, 0b110]),
    "m": (5, [0b00000, 0b11010, 0b10101, 0b10101, 0b10101]), " ": (1, [0, 0, 0, 0, 0]),
  ]
  private static let height = 5, margin = 3

  /// The picture, axes `[row, column]` or `[row, column, 3]`.
  private(set) var picture: NDArray<UInt8>
  /// The size of a font's pixel.
  private let scale: Int

  /// Marks a picture whose first tile has a size [pixels].
  init(_ picture: NDArray<UInt8>, tile: (width: Int, height: Int)) {
    self.picture = picture
    scale = max(1, min(tile.width, tile.height) / 120)
  }

  /// Writes the sides of the patient into the upper corners of a tile at the picture's corner, and a scale into the lower
  /// left one; nothing into a tile that they would fill.
  ///
  /// - Parameters:
  ///   - millimetres: The width of the tile in the patient [mm].
  mutating func mark(left: String, right: String, tile: (width: Int, height: Int), millimetres: Double) {
    let margin = Self.margin * scale
    guard min(tile.width, tile.height) >= 40 * scale, millimetres.isFinite, millimetres > 0 else { return }
    write(left, row: margin, column: margin)
    write(right, row: margin, column: tile.width - margin - width(of: right))
    guard let length = [100, 50, 20, 10, 5, 2, 1].first(where: { Double($0) < 0.45 * millimetres }) else {
      return
    }
    let pixels = Int((Double(length) / millimetres * Double(tile.width)).rounded())
    let row = tile.height - margin - 2 * scale
    fill(rows: row - scale..<row + 2 * scale, columns: margin - scale..<margin + pixels + scale, 0)
    fill(rows: row..<row + scale, columns: margin..<margin + pixels, 255)
    write("\(length) mm", row: row - (Self.height + 2) * scale, column: margin)
  }

  private func width(of text: String) -> Int {
    text.reduce(-1) { $0 + 1 + (Self.glyphs[$1]?.width ?? 0) } * scale
  }

  /// Writes text, white on black.
  private mutating func write(_ text: String, row: Int, column: Int) {
    fill(
      rows: row - scale..<row + (Self.height + 1) * scale,
      columns: column - scale..<column + width(of: text) + scale, 0)
    var column = column
    for character in text {
      guard let glyph = Self.glyphs[character] else { continue }
      for (line, bits) in glyph.rows.enumerated() {
        for bit in 0..<glyph.width where bits >> (glyph.width - 1 - bit) & 1 == 1 {
          let top = row + line * scale, left = column + bit * scale
          fill(rows: top..<top + scale, columns: left..<left + scale, 255)
        }
      }
      column += (glyph.width + 1) * scale
    }
  }

  private mutating func fill(rows: Range<Int>, columns: Range<Int>, _ value: UInt8) {
    let shape = picture.shape, samples = shape.count == 3 ? 3 : 1
    let rows = rows.clamped(to: 0..<shape[0]), columns = columns.clamped(to: 0..<shape[1])
    picture.withUnsafeMutableBufferPointer { pixels in
      for row in rows {
        for index in (row * shape[1] + columns.lowerBound) * samples..<(row * shape[1] + columns.upperBound)
          * samples
        {
          pixels[index] = value
        }
      }
    }
  }
}
