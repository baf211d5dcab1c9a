import Files
import Foundation

/// The outcome of a cohort: what every subject gave, and the statistics.
public struct CohortResults: Sendable, Equatable {
  /// The subjects in their order.
  public let records: [SubjectRecord]
  /// What the group tells.
  public let statistics: CohortStatistics
  /// What is not there: subjects, or cells of subjects, that the statistics lack.
  public internal(set) var missing: [MissingUnit] = []

  init(_ records: [SubjectRecord], statistics: CohortStatistics) {
    self.records = records
    self.statistics = statistics
  }

  /// Writes `results.json` and `results.tsv` (a line for every region and cell), `scores.tsv` (a line for every cell)
  /// and `subjects.tsv`, the values that all of it follows from.
  public func write(to folder: String) throws {
    try JSONFile.write(statistics, to: "\(folder)/results.json")
    let tables = CohortTables(self)
    for (name, lines) in [
      ("results.tsv", tables.regions), ("scores.tsv", tables.scores), ("subjects.tsv", tables.subjects),
    ] {
      let text = lines.map { $0.joined(separator: "\t") + "\n" }.joined()
      try AtomicFile.write(text, to: "\(folder)/\(name)")
    }
  }
}

/// The tables of a cohort for programs: plain numbers, `n/a` for what is not defined.
struct CohortTables {
  private let results: CohortResults
  private var statistics: CohortStatistics { results.statistics }

  init(_ results: CohortResults) { self.results = results }

  /// One line for every region and cell; susceptibilities in ppb.
  var regions: [[String]] {
    let header = [
      "region", "cell", "subjects", "mean_ppb", "sd_ppb", "difference_percent", "difference_ppb", "r",
      "r_lower", "r_upper", "t", "p", "p_holm", "limit_lower_ppb", "limit_upper_ppb", "age_r", "age_p",
      "age_p_holm", "age_slope_ppb_per_year", "truth_bias_ppb", "truth_rms_ppb", "truth_r",
    ]
    let lines = statistics.regions.flatMap { region in
      statistics.cells.map { cell -> [String] in
        let agreement = statistics.agreement(of: region, in: cell.cell)
        let age = statistics.aging(of: region, in: cell.cell)
        let truth = statistics.truth(of: region, in: cell.cell)
        return [
          region, cell.cell.name, "\(statistics.subjects)", text(age?.mean, 1000),
          text(age?.deviation, 1000), text(agreement?.percentDifference),
          text(agreement?.agreement?.bias, 1000), text(agreement?.correlation?.r),
          text(agreement?.correlation?.interval.lower), text(agreement?.correlation?.interval.upper),
          text(agreement?.test?.t), text(agreement?.test?.p), text(agreement?.correctedP),
          text(agreement?.agreement?.lowerLimit, 1000), text(agreement?.agreement?.upperLimit, 1000),
          text(age?.regression?.r), text(age?.regression?.p), text(age?.correctedP),
          text(age?.regression?.slope, 1000), text(truth?.bias, 1000), text(truth?.rootMeanSquare, 1000),
          text(truth?.r),
        ]
      }
    }
    return [header] + lines
  }

  /// One line for every cell and score.
  var scores: [[String]] {
    let header = ["cell", "af_grid", "scan_time_s", "score", "subjects", "mean", "sd", "minimum", "maximum"]
    return [header]
      + statistics.cells.flatMap { cell in
        cell.scores.map { score in
          [
            cell.cell.name, text(cell.gridAcceleration), text(cell.scanTime), score.name,
            "\(score.spread.count)", text(score.spread.mean), text(score.spread.deviation),
            text(score.spread.minimum), text(score.spread.maximum),
          ]
        }
      }
  }

  /// One line for every subject, cell and region.
  var subjects: [[String]] {
    let header = [
      "participant_id", "age", "cell", "region", "voxels", "mean_ppb", "sd_ppb", "truth_ppb",
    ]
    return [header]
      + results.records.flatMap { record in
        record.rows.flatMap { row in
          row.regions.enumerated().map { index, region in
            [
              record.name, "\(record.age)", row.cell.name, region.name, "\(region.voxels)",
              text(region.mean, 1000), text(region.standardDeviation, 1000),
              text(record.truth.map { $0[index].mean }, 1000),
            ]
          }
        }
      }
  }

  private func text(_ value: Double?, _ factor: Double = 1) -> String {
    value.map { $0.isFinite ? String(format: "%.7g", factor * $0) : "n/a" } ?? "n/a"
  }
}
