import Files
import Foundation

extension ComparisonReport {
  /// The report as text.
  public var description: String {
    var lines = [
      "image       \(image)", "reference   \(reference)",
      "voxels      \(voxels)\(mask.map { " of the mask \($0)" } ?? ", all of the volume, background included: a mask would leave it out")",
    ]
    for (index, volume) in volumes.enumerated() {
      lines.append("")
      if volumes.count > 1 { lines.append("volume \(index + 1) of \(volumes.count)") }
      if let scale = volume.scale {
        let numbers = scale.map { String(format: "%.6g", $0) }.joined(separator: " + i ")
        lines.append("image multiplied by \(numbers)")
      }
      let width = volume.scores.map(\.name.count).max() ?? 0
      for score in volume.scores {
        lines.append(score.name.padding(toLength: width + 3, withPad: " ", startingAt: 0) + score.text)
      }
      lines += volume.regionTable
    }
    return lines.joined(separator: "\n")
  }

  /// Writes the results for programs and spreadsheets.
  ///
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  public func write(to folder: String) throws {
    func write(_ text: String, _ name: String) throws {
      try AtomicFile.write(text + "\n", to: "\(folder)/\(name)")
    }
    try JSONFile.write(self, to: "\(folder)/results.json")
    let keys = volumes.first?.scores.map(\.key) ?? []
    var rows = [["volume", "data_range"] + keys]
    for (index, volume) in volumes.enumerated() {
      rows.append(
        ["\(index + 1)", volume.dataRange.map { "\($0)" } ?? "n/a"]
          + volume.scores.map { $0.value.map { "\($0)" } ?? ($0.text == "infinite" ? "inf" : "n/a") })
    }
    try write(rows.map { $0.joined(separator: "\t") }.joined(separator: "\n"), "results.tsv")
    guard labels != nil else { return }
    rows = [
      [
        "volume", "label", "name", "voxels", "mean", "median", "sd", "reference_mean", "reference_median",
        "reference_sd", "difference", "percent_difference",
      ]
    ]
    for (index, volume) in volumes.enumerated() {
      for region in volume.regions ?? [] {
        func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "n/a" }
        rows.append(
          ["\(index + 1)", "\(region.image.label)", region.name ?? "n/a", "\(region.image.count)"]
            + [
              region.image.mean, region.image.median, region.image.standardDeviation, region.reference.mean,
              region.reference.median, region.reference.standardDeviation, region.difference,
              region.percentDifference,
            ].map(number))
      }
    }
    try write(rows.map { $0.joined(separator: "\t") }.joined(separator: "\n"), "regions.tsv")
  }
}

extension ComparisonReport.Volume {
  fileprivate var regionTable: [String] {
    guard let regions else { return [] }
    guard !regions.isEmpty else { return ["", "no labeled voxel counts"] }
    let titles = ["region", "voxels", "mean", "sd", "reference", "sd", "difference", "%"]
    let rows =
      [titles]
      + regions.map { region in
        func number(_ value: Double?, _ format: String = "%.5g") -> String {
          value.map { String(format: format, $0) } ?? "-"
        }
        return [
          region.name ?? "\(region.image.label)", "\(region.image.count)", number(region.image.mean),
          number(region.image.standardDeviation, "%.3g"), number(region.reference.mean),
          number(region.reference.standardDeviation, "%.3g"), number(region.difference, "%.3g"),
          number(region.percentDifference, "%.2f"),
        ]
      }
    var lines = ["", TextTable.text(rows)]
    if let correlation = regionCorrelation {
      lines.append(
        String(
          format: "means of %d regions: r = %.4f (%.0f %%: %.4f to %.4f), p = %.2g", correlation.count,
          correlation.r, 100 * correlation.interval.level, correlation.interval.lower,
          correlation.interval.upper, correlation.p))
    }
    return lines
  }
}
