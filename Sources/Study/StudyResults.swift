import Files
import Foundation
import Sampling

/// The outcome of a study: one row per cell, the reference first.
public struct StudyResults: Sendable, Equatable, Codable {
  /// One cell.
  public struct Row: Sendable, Equatable, Codable {
    /// What the cell followed from, and how it was measured.
    public var record: CellRecord
    /// How far it is from the reference.
    public var scores: CellScores
    /// The susceptibility of every region; empty without labels.
    public var regions: [RegionValue]

    /// The cell.
    public var cell: StudyCell { record.recipe.cell }
  }

  /// The raw file of the reference.
  public var input: StudyInput
  /// How it was measured; `nil` in results of an earlier version.
  public var scanProtocol: StudyProtocol?
  /// The day on which the study was begun, such as `2026-11-29`.
  public var begun: String?
  /// What the scores depend on.
  public var conventions: ScoreConventions
  /// How many voxels the scores count.
  public var maskedVoxels: Int
  /// The cells.
  public var rows: [Row]
  /// What readers must know, one sentence each.
  public var remarks: [String] = []
  /// How far the reference's susceptibility is from the true one, where that is known.
  public var truth: TruthScores?

  /// The cell that stands for the truth.
  public var reference: Row { rows[0] }

  private enum CodingKeys: String, CodingKey {
    case input, begun, conventions, maskedVoxels, rows, remarks, truth
    case scanProtocol = "protocol"
  }

  /// Writes `results.json` and `results.tsv`.
  public func write(to folder: String) throws {
    try JSONFile.write(self, to: "\(folder)/results.json")
    let text = ([Self.header] + table(missing: "n/a")).map { $0.joined(separator: "\t") + "\n" }.joined()
    let regions = rows.flatMap { row in
      row.regions.map {
        "\(row.cell.name)\t\($0.name)\t\($0.mean)\t\($0.standardDeviation)\t\($0.voxels)\n"
      }
    }
    try AtomicFile.write(text, to: "\(folder)/results.tsv")
    if regions.isEmpty {
      // One of an earlier run, with labels.
      try? FileManager.default.removeItem(atPath: "\(folder)/regions.tsv")
    } else {
      let header = "cell\tregion\tmean_ppm\tsd_ppm\tvoxels\n"
      try AtomicFile.write(header + regions.joined(), to: "\(folder)/regions.tsv")
    }
  }

  /// The columns of the table.
  public static let header = [
    "cell", "AF (grid)", "scan time", "SSIM", "PSNR [dB]", "NRMSE", "field error [Hz]", "95 %", "chi SSIM",
    "chi PSNR [dB]", "chi XSIM", "chi NRMSE",
  ]

  /// One line per cell.
  public func table(missing: String = "-") -> [[String]] {
    func text(_ value: Double?, _ digits: Int) -> String {
      value.map { String(format: "%.\(digits)f", $0) } ?? missing
    }
    return rows.map { row in
      let scores = row.scores
      return [
        row.cell.name, text(row.record.gridAcceleration, 2),
        row.record.scanTime.map(AcquisitionTime.text) ?? missing, text(scores.magnitudeSSIM, 4),
        text(scores.magnitudePSNR, 2), text(scores.magnitudeNRMSE, 4), text(scores.fieldErrorMedian, 3),
        text(scores.fieldError95, 2), text(scores.susceptibilitySSIM, 4), text(scores.susceptibilityPSNR, 2),
        text(scores.susceptibilityXSIM, 4), text(scores.susceptibilityNRMSE, 4),
      ]
    }
  }

  /// The table with its header, without the columns of maps that no cell has.
  var knownTable: [[String]] {
    let lines = [Self.header] + table()
    let known = Self.header.indices.filter { column in lines.dropFirst().contains { $0[column] != "-" } }
    return lines.map { line in known.map { line[$0] } }
  }

  /// The table as text, in columns.
  public var text: String {
    ([TextTable.text(knownTable)] + remarks).joined(separator: "\n\n")
  }
}
