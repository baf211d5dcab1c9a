import Evaluation
import Files
import Foundation
import Sampling

/// What a study of a group found, in a few sentences; whatever is said of the group rests on intervals.
struct CohortSummary {
  private let statistics: CohortStatistics
  private var band: Double { statistics.aims.percentDifference }
  private var others: [CellSummary] { Array(statistics.cells.dropFirst()) }

  /// Groups below this size are told to be small.
  static let fewSubjects = 20

  init(_ statistics: CohortStatistics) { self.statistics = statistics }

  /// Where the interval of a region's difference lies against the band.
  enum Verdict { case within, beyond, open }

  /// The verdict on each region of a cell.
  func verdicts(in cell: StudyCell) -> [Verdict] {
    statistics.regions.map { region in
      guard let change = statistics.change(of: region, in: cell), let half = change.halfWidth else {
        return .open
      }
      let (low, high) = (change.percent - half, change.percent + half)
      return low >= -band && high <= band ? .within : low > band || high < -band ? .beyond : .open
    }
  }

  /// The cell that keeps most regions, or that none keeps any.
  var headline: String {
    let count = statistics.regions.count, reference = statistics.reference.title
    let aim = "within \(band.shortest) % of \(reference), its whole interval included"
    guard
      let best = others.max(by: { (kept($0), -($0.scanTime ?? 0)) < (kept($1), -($1.scanTime ?? 0)) })
    else { return "Nothing is compared yet: the study holds the reference alone." }
    guard kept(best) > 0 else {
      return "In none of \(count) regions does a cell's mean over the group lie \(aim)."
    }
    let name =
      "\(best.cell.methodTitle) at \(best.cell.measurement)\(saving(of: best).map { ", which \($0)," } ?? "")"
    return kept(best) == count
      ? "In all \(count) regions, the group's mean with \(name) lies \(aim)."
      : "In \(kept(best)) of \(count) regions, the group's mean with \(name) lies \(aim); no cell reaches more."
  }

  /// One sentence for each cell.
  var sentences: [String] {
    others.map { cell in
      let verdicts = verdicts(in: cell.cell), own = statistics.agreements.filter { $0.cell == cell.cell }
      let correlated = own.count { ($0.correlation?.interval.lower ?? -1) >= statistics.aims.correlation }
      let beyond = zip(statistics.regions, verdicts).filter { $0.1 == .beyond }.map {
        DeepNucleus.title(of: $0.0)
      }
      return """
        \(cell.cell.title)\(saving(of: cell).map { " \($0)" } ?? ""): differences within \(band.shortest) % in \
        \(verdicts.count { $0 == .within }) of \(verdicts.count) regions, beyond it in \(beyond.count)\
        \(beyond.isEmpty ? "" : " (\(beyond.joined(separator: "; ")))"), undecided in \(verdicts.count { $0 == .open }); \
        r of at least \(statistics.aims.correlation), with its whole interval, in \(correlated).
        """
    }
  }

  /// What to beware of.
  var cautions: [String] {
    let few =
      statistics.subjects < Self.fewSubjects
      ? "\(counted(statistics.subjects, "subject")) are few: below \(Self.fewSubjects), intervals are so wide that little can be excluded, and a correlation says next to nothing. Take what stands here as a hint, not as a finding."
      : nil
    return [few].compactMap(\.self) + [
      """
      All intervals hold 95 %. \(statistics.reference.title) stands for the standard here: it has its own noise and errors. \
      Susceptibilities are means over regions, relative to the mean over the voxels of the map.
      """
    ]
  }

  private func kept(_ cell: CellSummary) -> Int { verdicts(in: cell.cell).count { $0 == .within } }

  private func saving(of cell: CellSummary) -> String? {
    guard let whole = statistics.cells[0].scanTime, let own = cell.scanTime else { return nil }
    return own < whole
      ? "saves \(AcquisitionTime.text(whole - own)) of \(AcquisitionTime.text(whole))" : "saves no time"
  }
}

extension CohortStatistics {
  /// How far the group's mean of a region is from the reference's, with the 95 % interval of the paired differences.
  ///
  /// The reference's mean is taken as known, so that the interval is that of the numerator.
  func change(of region: String, in cell: StudyCell) -> RegionChange? {
    guard let agreement = agreement(of: region, in: cell), let percent = agreement.percentDifference,
      let mean = aging(of: region, in: reference)?.mean, mean != 0
    else { return nil }
    let half = agreement.agreement.map { ($0.biasInterval.upper - $0.biasInterval.lower) / 2 }
    return RegionChange(
      title: DeepNucleus.title(of: region), percent: percent, halfWidth: half.map { 100 * $0 / abs(mean) })
  }
}
