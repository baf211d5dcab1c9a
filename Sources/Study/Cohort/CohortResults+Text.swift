import Files
import Foundation
import Sampling

extension CohortResults {
  /// The outcome in a few lines, for a terminal.
  public var text: String {
    let header = [
      "cell", "AF (grid)", "scan time", "chi SSIM", "chi PSNR [dB]", "r, least", "difference, largest",
    ]
    let lines = statistics.cells.map { cell -> [String] in
      let own = statistics.agreements.filter { $0.cell == cell.cell }
      let worst = own.min { ($0.correlation?.r ?? -1) < ($1.correlation?.r ?? -1) }
      let farthest = own.max { abs($0.percentDifference ?? 0) < abs($1.percentDifference ?? 0) }
      return [
        cell.cell.name, CohortFormat.number(cell.gridAcceleration, 2),
        cell.scanTime.map(AcquisitionTime.text) ?? "-",
        CohortFormat.number(cell.score("chi SSIM")?.mean, 3),
        CohortFormat.number(cell.score("chi PSNR [dB]")?.mean, 2),
        worst.map { "\(CohortFormat.number($0.correlation?.r, 3)) \($0.region)" } ?? "-",
        farthest.map { "\(CohortFormat.signed($0.percentDifference, 1)) % \($0.region)" } ?? "-",
      ]
    }
    let misses = statistics.misses.count
    let verdict =
      misses == 0
      ? "Every region meets the aims"
      : "\(misses) of \(statistics.agreements.count) regions and cells miss the aims"
    return TextTable.text([header] + lines)
      + "\n\n\(statistics.subjects) subjects. \(verdict): r of \(statistics.aims.correlation) or more, "
      + "group difference of \(statistics.aims.percentDifference.shortest) % or less, against \(statistics.reference.title)."
      + (missing.isEmpty ? "" : "\n" + ([lacking] + missing.map(\.description)).joined(separator: "\n"))
  }

  /// That some subjects are not among those that were counted.
  var lacking: String {
    "\(counted(Set(missing.map(\.subject)).count, "subject")) of the cohort \(Set(missing.map(\.subject)).count == 1 ? "is" : "are") missing here:"
  }
}

/// How numbers of a cohort are printed.
enum CohortFormat {
  static func number(_ value: Double?, _ digits: Int) -> String {
    value.map { $0.isFinite ? String(format: "%.\(digits)f", $0) : "-" } ?? "-"
  }

  static func signed(_ value: Double?, _ digits: Int) -> String {
    value.map { String(format: "%+.\(digits)f", $0) } ?? "-"
  }

  /// A probability; small ones as a bound, since their digits mean nothing.
  static func probability(_ p: Double?) -> String {
    p.map { $0 < 0.001 ? "< 0.001" : String(format: "%.3f", $0) } ?? "-"
  }
}
