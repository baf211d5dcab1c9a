import MRIData

/// A sampling mask drawn in text: `ky` to the right, `kz` downwards.
///
/// A grid of up to 128 x 128 positions gets one dot of a braille character each; a larger one, and the single row
/// of a two-dimensional scan, is shaded by the acquired part of each character's positions.
struct SamplingPicture {
  /// The rows of text.
  let rows: [String]

  init(_ mask: SamplingMask, width: Int = 64) {
    let isFine = mask.partitions > 1 && mask.lines <= 2 * width && mask.partitions <= 128
    rows = isFine ? Self.dots(mask) : Self.shades(mask, width: width)
  }

  private static func dots(_ mask: SamplingMask) -> [String] {
    // The bit of each dot of a character, 2 to the right by 4 downwards.
    let bits: [[UInt32]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]
    return stride(from: 0, to: mask.partitions, by: 4).map { top in
      let characters = stride(from: 0, to: mask.lines, by: 2).map { left in
        var code: UInt32 = 0x2800
        for partition in top..<min(top + 4, mask.partitions) {
          for line in left..<min(left + 2, mask.lines) where mask[line: line, partition: partition] {
            code |= bits[partition - top][line - left]
          }
        }
        return Unicode.Scalar(code).map(Character.init) ?? " "
      }
      return String(characters)
    }
  }

  private static func shades(_ mask: SamplingMask, width: Int) -> [String] {
    let columns = min(width, mask.lines)
    // A character is about twice as high as wide; a picture must not fill the screen.
    let rows = min(mask.partitions, 16, max(1, mask.partitions * columns / (2 * mask.lines)))
    return (0..<rows).map { row in
      let partitions = row * mask.partitions / rows..<(row + 1) * mask.partitions / rows
      return String(
        (0..<columns).map { column in
          let lines = column * mask.lines / columns..<(column + 1) * mask.lines / columns
          let acquired = partitions.reduce(0) { sum, partition in
            sum + lines.count { mask[line: $0, partition: partition] }
          }
          return shade(acquired, of: lines.count * partitions.count)
        })
    }
  }

  private static func shade(_ acquired: Int, of count: Int) -> Character {
    switch acquired {
    case 0: "\u{00B7}"
    case count: "\u{2588}"
    default: 3 * acquired <= count ? "\u{2591}" : 3 * acquired <= 2 * count ? "\u{2592}" : "\u{2593}"
    }
  }
}
