/// What a cohort keeps of a subject.
public struct SubjectRecord: Sendable, Equatable, Codable {
  /// The name.
  public var name: String
  /// The age [years].
  public var age: Double
  /// All that the values follow from.
  public var recipe: SubjectRecipe
  /// How many voxels were compared.
  public var maskedVoxels: Int
  /// Scores and regions of every cell, the reference first.
  public var rows: [StudyResults.Row]
  /// The regions' true susceptibilities, where they are known, relative to the mean over the voxels of the maps.
  public var truth: [RegionValue]?
  /// How the scan was measured; `nil` in records of an earlier version.
  public var scanProtocol: StudyProtocol?

  /// The results as those of a single study.
  var results: StudyResults {
    StudyResults(
      input: recipe.input, scanProtocol: scanProtocol, conventions: recipe.conventions,
      maskedVoxels: maskedVoxels, rows: rows)
  }
}
