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
    } else if !(stated.minimum...max(stated.minimum, stated.maximum)).contains(stated.center) {
      limit = nil
      findings.append(
        .warning(
          "\(limits) of the \(name) counter contradict themselves",
          assuming: "the centre of k-space is the middle of the grid"))
    } else {
      limit = stated
    }
  }

  /// The smallest grid that holds the limits, or the counters where limits are missing.
  var smallestGrid: Int {
    guard let limit else { return range.upperBound + 1 }
    return EncodedGrid.smallestGrid(
      before: limit.center - limit.minimum, after: limit.maximum - limit.center + 1,
      atLeast: limit.maximum - limit.minimum + 1)
  }
}
