extension SamplingMask {
  /// The part of an axis between its outermost samples, where one side of the centre was cut short; `nil` elsewhere.
  ///
  /// A side counts as cut if more is missing there, beyond what the other one lacks, than a twentieth of the axis and than
  /// the widest step between samples: regular undersampling leaves out less than a step at an edge.
  ///
  /// - Parameters:
  ///   - sampled: The positions with samples, ascending.
  ///   - extent: The number of all positions.
  public static func partialFourierRange(_ sampled: [Int], of extent: Int) -> Range<Int>? {
    guard let first = sampled.first, let last = sampled.last, extent > 1 else { return nil }
    let step = zip(sampled.dropFirst(), sampled).map { $0 - $1 }.max() ?? 1
    let missing = abs(first - (extent - 1 - last))
    return missing > step && Double(missing) > 0.05 * Double(extent) ? first..<last + 1 : nil
  }

  /// The part of the grid that was meant to be sampled: all of it, but for the side of an axis that partial Fourier cut short.
  ///
  /// ``partialFourierRange(_:of:)`` tells whether one was. The other side counts to the grid's edge, as a mask of few samples
  /// need not reach what it was made for; more than half of an axis, which holds the centre, always remains.
  package var encodedRanges: (lines: Range<Int>, partitions: Range<Int>) {
    let sampledLines = (0..<lines).filter { line in
      (0..<partitions).contains { self[line: line, partition: $0] }
    }
    let sampledPartitions = (0..<partitions).filter { partition in
      (0..<lines).contains { self[line: $0, partition: partition] }
    }
    return (
      Self.encodedRange(sampledLines, of: lines), Self.encodedRange(sampledPartitions, of: partitions)
    )
  }

  private static func encodedRange(_ sampled: [Int], of extent: Int) -> Range<Int> {
    guard let range = partialFourierRange(sampled, of: extent) else { return 0..<extent }
    let isCutBefore = range.lowerBound > extent - range.upperBound
    let encoded = isCutBefore ? range.lowerBound..<extent : 0..<range.upperBound
    return 2 * encoded.count > extent ? encoded : 0..<extent
  }
}
