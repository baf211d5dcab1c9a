import Files

/// Slices of which less was measured than of the others, as when a scan was interrupted.
///
/// What is told of the sampling is told of one slice; and no picture of a stack shows which of its slices are blurred.
struct UnequalSlices {
  /// The warning; `nil` if as many positions were measured of every slice.
  let finding: Finding?

  /// Counts the positions of each slice, all echoes together.
  ///
  /// - Parameter readouts: The image lines; lines of one position that are averaged count once.
  init(_ readouts: [PlacedReadout]) {
    var counts: [Int: Int] = [:]
    for readout in readouts where readout.turn == 0 { counts[readout.slice, default: 0] += 1 }
    let most = counts.values.max() ?? 0
    let short = counts.filter { $0.value < most }.sorted { $0.key < $1.key }
    guard let least = short.map(\.value).min() else {
      finding = nil
      return
    }
    let isOne = short.count == 1
    finding = .warning(
      "\(isOne ? "slice" : "slices") \(listed(short.map(\.key))) (by the slice counter) "
        + "\(isOne ? "has" : "have") "
        + (isOne || short.allSatisfy { $0.value == least } ? "\(least)" : "\(least) or more")
        + " of the \(most) lines of all echoes that \(counts.count - short.count == 1 ? "another one has" : "others have")",
      assuming:
        "the scan was interrupted or sampled so; images of \(isOne ? "it" : "them") are blurred or folded",
      remedy: "`slice` reads one slice alone")
  }
}
