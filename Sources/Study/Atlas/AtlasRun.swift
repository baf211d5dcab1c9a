import Files
import MRIData
import QSM
import QuantitativeMapping

/// An atlas that is brought onto scans: its regions, and their susceptibility, beside the maps of each.
///
///     let atlas = try AtlasRun(folder: "atlas")
///     let outcome = try run.map(run.read())
///     let placed = try atlas.place(on: outcome)
///     try run.write(outcome, to: "maps") { results, record in
///       _ = try atlas.write(placed, of: outcome, to: results, in: &record)
///     }
public struct AtlasRun: Sendable {
  /// The table of the regions' values, beside the maps.
  public static let table = "regions.tsv"

  /// The atlas.
  public let atlas: Atlas
  private let registration: AtlasRegistration
  private let observer: RunObserver

  /// Opens an atlas.
  ///
  /// - Throws: ``InputError`` if it cannot be used; ``StudyError/noRegistration(purpose:)``.
  public init(folder: String, observer: RunObserver = .init()) throws {
    atlas = try Atlas(folder: folder)
    registration = try AtlasRegistration()
    self.observer = observer
  }

  /// Refuses maps that the atlas cannot be brought onto.
  ///
  /// - Throws: As ``AtlasRegistration/check(_:for:)`` does.
  public func check(_ maps: EchoMaps) throws(InputError) { try registration.check(maps, for: atlas) }

  /// The atlas's regions on a scan.
  ///
  /// - Throws: As ``AtlasRegistration`` does, and what the observer throws.
  public func place(on outcome: SusceptibilityRun.Outcome) throws -> PlacedAtlas {
    observer.progress("atlas", 0)
    let placed = try registration(atlas, onto: outcome.maps, outcome.result)
    for warning in placed.warnings { observer.report("warning: \(warning)") }
    try observer.check()
    return placed
  }

  /// Writes the regions as they lie on a scan, a picture of them, and ``table`` with their susceptibility; and says so in the
  /// record of the maps.
  ///
  /// - Returns: The values of the table.
  /// - Throws: ``FileError/cannotWrite(path:reason:)``; ``StudyError`` for regions on another grid.
  public func write(
    _ placed: PlacedAtlas, of outcome: SusceptibilityRun.Outcome, to results: SusceptibilityResults,
    in record: inout SusceptibilityProvenance
  ) throws -> [RegionValue] {
    let (maps, result) = (outcome.maps, outcome.result)
    let image = maps.combinedMagnitude ?? result.susceptibility
    try results.write(
      regions: ImageVolumes(placed.labels.labels, geometry: maps.geometry), table: placed.labels.table,
      picture: placed.picture(on: image, within: result.mask.isInside), of: maps)
    let values = try placed.values(of: result.susceptibility)
    try AtomicFile.write(values.table, to: "\(results.dataset.folder)/\(Self.table)")
    record.methods.append(registration.configuration)
    record.assumptions += placed.remarks + placed.warnings
    record.regions = values.map {
      SusceptibilityProvenance.Region(
        name: $0.name, mean: $0.mean, standardDeviation: $0.standardDeviation, voxels: $0.voxels)
    }
    return values
  }
}
