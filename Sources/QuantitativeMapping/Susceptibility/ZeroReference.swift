/// Whose mean susceptibility is zero: a field does not tell the mean of what causes it.
public enum ZeroReference: Sendable {
  /// The whole map.
  case wholeMap
  /// The fluid of the ventricles, found by its R2*.
  case ventricles
  /// A region.
  case region(BrainMask)
}
