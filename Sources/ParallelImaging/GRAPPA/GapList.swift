import MRIData

/// A line that was not acquired.
struct Gap: Sendable, Hashable {
  let echo: Int
  let partition: Int
  let line: Int
}

/// Missing lines whose acquired neighbours are arranged alike, so that they share weights.
struct GapGroup: Sendable {
  /// The neighbours, as indices of the neighbourhood's offsets.
  let arrangement: [Int]
  let gaps: ArraySlice<Gap>
}

/// The missing lines of all echoes, sorted by how their neighbours are arranged.
struct GapList {
  /// The lines to fill with one neighbourhood.
  private(set) var groups: [GapGroup] = []
  /// The lines that found too few neighbours in it.
  private(set) var starved: [Gap] = []
  /// The number of lines by the number of their neighbours.
  private(set) var supports: [Int: Int] = [:]

  /// The number of lines that threads take at once; large arrangements are split to share the work.
  private static let longestGroup = 128

  init(in masks: [SamplingMask], _ neighbourhood: Neighbourhood) {
    for (echo, mask) in masks.enumerated() {
      for partition in 0..<mask.partitions {
        for line in 0..<mask.lines where !mask[line: line, partition: partition] {
          starved.append(Gap(echo: echo, partition: partition, line: line))
        }
      }
    }
    regroup(neighbourhood, masks)
  }

  /// Looks for neighbours of the lines that were starved so far.
  mutating func regroup(_ neighbourhood: Neighbourhood, _ masks: [SamplingMask]) {
    var members: [[Int]: [Gap]] = [:]
    var rest: [Gap] = []
    for gap in starved {
      let arrangement = neighbourhood.arrangement(
        line: gap.line, partition: gap.partition, of: masks[gap.echo])
      if arrangement.count < neighbourhood.kernel.fewestLines {
        rest.append(gap)
      } else {
        members[arrangement, default: []].append(gap)
        supports[arrangement.count, default: 0] += 1
      }
    }
    starved = rest
    groups = members.flatMap { arrangement, gaps in
      stride(from: 0, to: gaps.count, by: Self.longestGroup).map { start in
        GapGroup(arrangement: arrangement, gaps: gaps[start..<min(start + Self.longestGroup, gaps.count)])
      }
    }
    // Groups that begin with the same neighbours behind each other.
    groups.sort { $0.arrangement.lexicographicallyPrecedes($1.arrangement) }
  }

  /// The mask of an echo with all lines that were filled.
  func completed(_ mask: SamplingMask, echo: Int) -> SamplingMask {
    var completed = SamplingMask(lines: mask.lines, partitions: mask.partitions)
    for gap in starved where gap.echo == echo { completed[line: gap.line, partition: gap.partition] = false }
    return completed
  }
}
