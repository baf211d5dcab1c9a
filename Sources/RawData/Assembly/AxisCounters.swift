/// The values of one phase-encoding counter, and what of the header's limits can be believed.
struct AxisCounters {
  /// What the counter counts.
  let name: String
  /// The smallest and the largest value.
  let range: ClosedRange<Int>
  /// The header's limits, if they hold every counter and their own centre.
  let limit: MRDHeader.Limit?

  init(
    _ name: String, _ element: String, _ counters: [Int], _ encoding: MRDHeader.Encoding?,
    _ findings: inout [Finding]
  ) {
    self.name = name
    range = (counters.min() ?? 0)...(counters.max() ?? 0)
    let stated = encoding?.limits[element]
    guard let stated else {
      limit = nil
      return
    }
    let limits = "the header's limits \(stated.minimum)...\(stated.maximum) with centre \(stated.center)"
    if range.lowerBound < stated.minimum || range.upperBound > stated.maximum {
      limit = nil
      findings.append(
        .warning(
          "\(name) counters run from \(range.lowerBound) to \(range.upperBound), beyond \(limits)",
          assuming: "the centre of k-space is the middle of the grid"))
    } else if stated.minimum < 0 || stated.maximum > Int(UInt16.max)
      || !(stated.minimum...max(stated.minimum, stated.maximum)).contains(stated.center)
    {
      limit = nil
      findings.append(
        .warning(
          "\(limits) of the \(name) counter cannot be right",
          assuming: "the centre of k-space is the middle of the grid"))
    } else {
      limit = stated
    }
  }

  /// The counter at the centre `n / 2` of an axis: the header's, unless it pushes counters off the axis.
  ///
  /// - Parameters:
  ///   - extent: The extent of the axis.
  ///   - option: What the user would say for another extent.
  func center(on extent: Int, option: (Int) -> String, _ findings: inout [Finding]) -> Int {
    guard let limit else { return extent / 2 }
    let shift = extent / 2 - limit.center
    if range.lowerBound + shift >= 0, range.upperBound + shift < extent { return limit.center }
    // Counters that no centre brings onto the axis are for the caller to refuse.
    if range.upperBound < extent {
      let room = 2 * max(limit.center - range.lowerBound, range.upperBound + 1 - limit.center)
      findings.append(
        .warning(
          "the header's centre \(limit.center) of the \(name) counter pushes counters "
            + "\(range.lowerBound) to \(range.upperBound) off the \(extent) \(name)s of the grid",
          assuming: "\(name) \(extent / 2) is the centre of k-space",
          remedy: "\(option(room)) keeps the header's centre"))
    }
    return extent / 2
  }

  /// The smallest grid that holds the limits, or the counters where limits are missing.
  var smallestGrid: Int {
    guard let limit else { return range.upperBound + 1 }
    return EncodedGrid.smallestGrid(
      before: limit.center - limit.minimum, after: limit.maximum - limit.center + 1,
      atLeast: limit.maximum - limit.minimum + 1)
  }
}
