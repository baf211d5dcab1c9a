import MRIData
import NDArrays
import Testing

@testable import RawData

struct SamplingPictureTests {
  @Test("A small grid has one braille dot per position")
  func dots() {
    var mask = SamplingMask(lines: 4, partitions: 5, isAcquired: false)
    mask[line: 0, partition: 0] = true
    mask[line: 1, partition: 3] = true
    mask[line: 3, partition: 4] = true
    #expect(SamplingPicture(mask).rows == ["\u{2881}\u{2800}", "\u{2800}\u{2808}"])
  }

  @Test("A single row is shaded by the acquired part of each character's lines")
  func shades() {
    var mask = SamplingMask(lines: 16, partitions: 1, isAcquired: false)
    for line in [4, 8, 9, 12, 13, 14, 15] { mask[line: line, partition: 0] = true }
    #expect(SamplingPicture(mask, width: 4).rows == ["\u{00B7}\u{2591}\u{2592}\u{2588}"])
    #expect(
      SamplingPicture(SamplingMask(lines: 5, partitions: 1)).rows == [
        "\u{2588}\u{2588}\u{2588}\u{2588}\u{2588}"
      ])
  }

  @Test(
    "Pictures never exceed 64 columns and 32 rows",
    arguments: [(1, 1), (2, 400), (129, 3), (257, 300), (1000, 7)])
  func size(lines: Int, partitions: Int) {
    let rows = SamplingPicture(SamplingMask(lines: lines, partitions: partitions)).rows
    #expect(!rows.isEmpty && rows.count <= 32)
    #expect(rows.allSatisfy { !$0.isEmpty && $0.count <= 64 })
  }
}
