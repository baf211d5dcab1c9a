extension Array where Element: Comparable {
  /// Of values in ascending order, the one at a fraction of the way from the first to the last; `nil` if there are none.
  ///
  ///     sizes.sorted().ranked(0.99)        // what 99 % of the sizes do not exceed
  ///
  /// - Parameters:
  ///   - fraction: 0 for the first, 1 for the last.
  ///   - rule: Which of two neighbours counts between them.
  public func ranked(_ fraction: Double, _ rule: FloatingPointRoundingRule = .down) -> Element? {
    isEmpty ? nil : self[Int((fraction * Double(count - 1)).rounded(rule))]
  }

  /// The middle of values in ascending order, the later of two; `nil` if there are none.
  public var middle: Element? { isEmpty ? nil : self[count / 2] }
}
