import Files
import MRIData
import QuantitativeMapping

extension SusceptibilityResults {
  /// Writes an atlas's regions as they lie on a scan, a picture of them, and `regions.tsv` with their susceptibility.
  ///
  /// - Returns: The values of `regions.tsv`.
  /// - Throws: ``FileError/cannotWrite(path:reason:)``; ``StudyError`` for regions on another grid.
  public func write(
    _ atlas: PlacedAtlas, on result: SusceptibilityMaps, of maps: EchoMaps
  ) throws -> [RegionValue] {
    let image = maps.combinedMagnitude ?? result.susceptibility
    try write(
      regions: ImageVolumes(atlas.labels.labels, geometry: maps.geometry), table: atlas.labels.table,
      picture: atlas.picture(on: image, within: result.mask.isInside), of: maps)
    let values = try atlas.values(of: result.susceptibility)
    try AtomicFile.write(values.table, to: "\(dataset.folder)/regions.tsv")
    return values
  }
}

extension RegionValue {
  /// The region as the record of a susceptibility map has it.
  public var described: SusceptibilityProvenance.Region {
    SusceptibilityProvenance.Region(
      name: name, mean: mean, standardDeviation: standardDeviation, voxels: voxels)
  }
}
