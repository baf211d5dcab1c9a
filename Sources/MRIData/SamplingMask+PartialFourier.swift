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
}
