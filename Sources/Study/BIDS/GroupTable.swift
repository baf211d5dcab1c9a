import Files
import Foundation
import ImageFiles
import NDArrays

/// What the maps of all participants hold, one line for each map, and one for each region of an atlas: a first look at a group.
public struct GroupTable: Sendable {
  /// The name of the table in the data set of derivatives.
  public static let file = "group_maps.tsv"
  /// The name of the table of regions beside it.
  public static let regionsFile = "group_regions.tsv"

  /// The header and the lines.
  public let lines: [[String]]
  /// The same of the regions of an atlas; empty if no scan has any.
  public let regions: [[String]]
  /// The scans that have no maps.
  public let missing: [String]

  /// Reads the maps of scans.
  ///
  /// - Throws: ``FileError`` if one is damaged.
  public init(of scans: [BIDSDataset.Scan], in dataset: String) throws {
    var lines = [
      [
        "participant_id", "session_id", "map", "unit", "voxels", "mean", "sd", "percentile_1", "median",
        "percentile_99",
      ]
    ]
    var missing: [String] = [], regions: [[String]] = []
    for scan in scans {
      let place = ["sub-\(scan.subject)", scan.session.map { "ses-\($0)" } ?? "n/a"]
      let folder = "\(dataset)/\(scan.name)/anat"
      let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
      func path(_ ending: String) -> String? {
        names.first { $0.hasSuffix(ending) && !$0.contains("_rec-") }.map { "\(folder)/\($0)" }
      }
      guard let map = path("_Chimap.nii.gz"), let mask = path("_desc-brain_mask.nii.gz") else {
        missing.append(scan.name)
        continue
      }
      let inside = try NIfTIFile(at: mask).volumes(scaling: .applied)[0].elements
      for (path, name, unit) in [(map, "Chimap", "ppm"), (path("_R2starmap.nii.gz"), "R2starmap", "1/s")] {
        guard let path else { continue }
        let volume = try NIfTIFile(at: path).volumes(scaling: .applied)[0].elements
        let values = zip(volume, inside).filter { $0.1 > 0.5 && $0.0 != 0 && $0.0.isFinite }.map {
          Double($0.0)
        }.sorted()
        guard !values.isEmpty else { continue }
        let spread = Spread(values)
        let percentiles = [0.01, 0.5, 0.99].compactMap { values.ranked($0, .toNearestOrAwayFromZero) }
        lines.append(
          place + [name, unit, "\(values.count)"]
            + ([spread.mean, spread.deviation ?? 0] + percentiles).map {
              String(format: "%.6g", $0)
            })
      }
      let table = "\(dataset)/\(scan.name)/\(AtlasRun.table)"
      guard FileManager.default.fileExists(atPath: table) else { continue }
      let columns = ["region", "mean_ppm", "sd_ppm", "voxels"]
      if regions.isEmpty { regions.append(lines[0][0...1] + columns) }
      for row in try Table(at: table, needing: columns).rows {
        regions.append(place + columns.map { row[$0] ?? "n/a" })
      }
    }
    self.lines = lines
    self.regions = regions
    self.missing = missing
  }

  /// A table as BIDS writes tables.
  public static func text(_ lines: [[String]]) -> String {
    lines.map { $0.joined(separator: "\t") + "\n" }.joined()
  }
}
