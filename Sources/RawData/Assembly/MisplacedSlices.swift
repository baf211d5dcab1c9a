import Foundation

/// Slices that a counter other than `slice` counts: its values go along with positions.
///
/// A transform across such partitions, or a mean over such averages, would mix slices that have nothing to do with each
/// other.
struct MisplacedSlices {
  /// The refusal; `nil` if all readouts of a slice lie in the same place, or move with no counter.
  let finding: Finding?

  /// The distance from which places are different ones [mm]; partitions share one slab, while averages and echoes may
  /// follow a head that moves.
  private static func smallestStep(_ name: String) -> Double {
    ["partition", "line"].contains(name) ? 0.3 : 1.5
  }

  /// Looks for a counter that explains where image lines lie.
  init(_ readouts: [AcquisitionHeader]) {
    let counters: [(name: String, path: KeyPath<EncodingCounters, UInt16>)] = [
      ("partition", \.partition), ("line", \.line), ("average", \.average), ("segment", \.segment),
      ("contrast", \.contrast),
    ]
    var found: Finding?
    for (name, path) in counters where found == nil {
      found =
        Dictionary(grouping: readouts, by: \.counters.slice).values.lazy.compactMap {
          Self.finding($0, name, path)
        }.first
    }
    finding = found
  }

  private static func finding(
    _ readouts: [AcquisitionHeader], _ name: String, _ path: KeyPath<EncodingCounters, UInt16>
  ) -> Finding? {
    guard let first = readouts.first else { return nil }
    let normal = SIMD3<Double>(first.sliceDirection)
    let length = (normal * normal).sum().squareRoot()
    guard length > 0.1, length.isFinite else { return nil }
    // The lowest and the highest place of each value of the counter [mm].
    var places: [UInt16: ClosedRange<Double>] = [:]
    for readout in readouts {
      let height = (SIMD3<Double>(readout.position) * normal).sum() / length
      guard height.isFinite else { return nil }
      let value = readout.counters[keyPath: path]
      let known = places[value] ?? height...height
      places[value] = min(known.lowerBound, height)...max(known.upperBound, height)
    }
    let sorted = places.values.sorted { $0.lowerBound < $1.lowerBound }
    guard sorted.count > 1 else { return nil }
    // Every value has a place of its own, apart from the others'.
    let gap = zip(sorted, sorted.dropFirst()).map { $1.lowerBound - $0.upperBound }.min() ?? 0
    let spread = sorted.map { $0.upperBound - $0.lowerBound }.max() ?? 0
    guard gap > smallestStep(name), spread < 0.1 * gap else { return nil }
    let span = String(format: "%.4g to %.4g mm", sorted[0].lowerBound, sorted[sorted.count - 1].lowerBound)
    return .error(
      .contradictory,
      "readouts of the \(sorted.count) values of the \(name) counter lie at positions of their own along the slice "
        + "direction (\(span)): they are slices, not \(name)s",
      remedy: "Set the slice counter with the converter, and leave the \(name) counter at 0")
  }
}
