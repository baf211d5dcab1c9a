/// What a computation in k-space works on: the whole grid, or the mask with a margin.
public enum WorkingRegion: Sendable, Equatable {
  /// The grid as it is, which repeats with its period.
  case wholeGrid
  /// The box around the mask with at least this distance [m] to its copies; extents fast to transform.
  case mask(margin: Double)
  /// The box around the mask with a distance to its copies that is this part of its longest side.
  ///
  /// What a source does to its copies depends on distances relative to its size alone.
  case object(margin: Double)

  /// The box around the mask with a quarter of its longest side around it.
  public static let surroundings = WorkingRegion.object(margin: 0.25)
}
