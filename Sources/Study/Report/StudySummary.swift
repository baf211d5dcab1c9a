import Evaluation
import Foundation
import NDArrays
import Sampling

/// What a study of one scan found, in a few sentences that follow from its results alone.
struct StudySummary {
  private let results: StudyResults
  /// The regions that count: the deep nuclei where there are any, else all.
  let counted: [Int]
  /// What they are called.
  let noun: String

  /// How far a region's mean may be from the reference's, in percent of it.
  static let aim = 5.0

  init(_ results: StudyResults) {
    self.results = results
    let names = results.reference.regions.map(\.name)
    let nuclei = names.indices.filter { DeepNucleus(named: names[$0]) != nil }
    counted = nuclei.isEmpty ? Array(names.indices) : nuclei
    noun = nuclei.isEmpty ? "regions" : "nuclei"
  }

  /// The regions of a cell against the reference's.
  func changes(of row: StudyResults.Row) -> [RegionChange] {
    guard row.regions.count == results.reference.regions.count else { return [] }
    return counted.compactMap { RegionChange(row.regions[$0], from: results.reference.regions[$0]) }
  }

  /// How many of the regions that count stay within the aim.
  func kept(in row: StudyResults.Row) -> Int { changes(of: row).count { abs($0.percent) <= Self.aim } }

  /// All other cells than the reference, those of one measurement together.
  var measurements: [(name: String, rows: [StudyResults.Row])] {
    var groups: [(name: String, rows: [StudyResults.Row])] = []
    for row in results.rows.dropFirst() {
      let name = row.cell.measurement
      if let index = groups.firstIndex(where: { $0.name == name }) {
        groups[index].rows.append(row)
      } else {
        groups.append((name, [row]))
      }
    }
    return groups
  }

  /// The middle of the differences' sizes over the regions that count [percent]; `nil` without regions.
  private func typicalChange(in row: StudyResults.Row) -> Double? {
    changes(of: row).map { abs($0.percent) }.sorted().middle
  }

  /// The cell of the headline, which is looked at first: the fastest that keeps all regions, else the nearest.
  var shown: StudyResults.Row? {
    let others = results.rows.dropFirst()
    let whole = counted.isEmpty ? [] : others.filter { kept(in: $0) == counted.count }
    return whole.min { cost($0) < cost($1) } ?? others.min { distance($0) < distance($1) }
  }

  /// The answer: the fastest measurement that changes nothing that matters, or that there is none.
  var headline: String {
    guard let best = shown else { return "Nothing is compared yet: the study holds the reference alone." }
    let place = best.cell.isAsMeasured ? "" : " at \(best.cell.measurement)"
    let name = best.cell.methodTitle + place, gain = saving(of: best)
    guard !counted.isEmpty else {
      return
        "\(name)\(gain.map { ", which \($0)," } ?? "") is nearest to the reference: magnitudes differ by \(magnitude(best))."
    }
    let aim = "all \(counted.count) \(noun) within \(Self.aim.shortest) % of the reference"
    return kept(in: best) == counted.count
      ? "\(name)\(gain.map { " \($0) and" } ?? "") keeps \(aim)."
      : "No cell keeps \(aim). Nearest is \(name)\(gain.map { ", which \($0)" } ?? ""): it keeps \(kept(in: best))."
  }

  /// One sentence for each measurement.
  var sentences: [String] {
    measurements.map { name, rows in
      let outcome = rows.sorted { distance($0) < distance($1) }.enumerated().map { index, row in
        guard let change = typicalChange(in: row) else {
          return "magnitudes differ by \(magnitude(row)) with \(row.cell.methodTitle)"
        }
        let count = "\(kept(in: row)) of \(counted.count)"
        let kept = index == 0 ? "keeps \(count) \(noun) within \(Self.aim.shortest) %" : count
        return "\(row.cell.methodTitle) \(kept) (median difference \(String(format: "%.1f", change)) %)"
      }
      let place = rows[0].cell.isAsMeasured ? "The scan as it was measured" : name
      return "\(place)\(saving(of: rows[0]).map { " \($0)" } ?? ""): \(outcome.joined(separator: ", "))."
    }
  }

  /// What nobody should read out of a single scan.
  var caution: String {
    """
    This is one subject, scanned once: it says how this scan bears acceleration, not how a group would. Cells are compared \
    with \(results.reference.cell.title), which has noise and errors of its own.
    """
  }

  /// The minutes that a cell saves: `saves 3:31 of 6:46`; `nil` where times are unknown, and for the
  /// reference scan.
  private func saving(of row: StudyResults.Row) -> String? {
    guard !row.cell.isAsMeasured, let whole = results.reference.record.scanTime, let own = row.record.scanTime
    else { return nil }
    return own < whole
      ? "saves \(AcquisitionTime.text(whole - own)) of \(AcquisitionTime.text(whole))" : "saves no time"
  }

  /// What a measurement takes: its time, or its positions where that of any cell is unknown.
  private func cost(_ row: StudyResults.Row) -> Double {
    let isTimed = results.rows.allSatisfy { $0.record.scanTime != nil }
    return (isTimed ? row.record.scanTime : nil) ?? Double(row.record.positions)
  }

  /// What orders cells: how far regions are from the reference's, or without any, magnitudes.
  private func distance(_ row: StudyResults.Row) -> Double {
    typicalChange(in: row) ?? row.scores.magnitudeNRMSE
  }

  private func magnitude(_ row: StudyResults.Row) -> String {
    String(format: "%.1f %%", 100 * row.scores.magnitudeNRMSE)
  }
}

/// How far the susceptibility of a region is from the reference's.
struct RegionChange {
  /// The region, as reports call it.
  let title: String
  /// The difference of the means in percent of the reference's.
  let percent: Double
  /// Half the width of its 95 % interval [percent]; `nil` where none is known.
  let halfWidth: Double?

  /// Compares a region with that of the reference; `nil` where the reference is zero.
  init?(_ value: RegionValue, from reference: RegionValue) {
    guard reference.mean != 0, value.mean.isFinite else { return nil }
    title = DeepNucleus.title(of: value.name)
    percent = 100 * (value.mean - reference.mean) / abs(reference.mean)
    halfWidth = value.differenceDeviation.flatMap { deviation in
      value.voxels > 1
        ? 100 * 1.96 * deviation / Double(value.voxels).squareRoot() / abs(reference.mean) : nil
    }
  }

  init(title: String, percent: Double, halfWidth: Double?) {
    self.title = title
    self.percent = percent
    self.halfWidth = halfWidth
  }
}
