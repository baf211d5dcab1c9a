/// What voxels outside of the mask are to a metric that looks at neighborhoods.
public enum OutsideMask: Sendable {
  /// They are seen: the metric is computed everywhere and averaged over the mask.
  case seen
  /// They are set to zero in both images first, as where maps were masked before they were saved.
  case zeroed
}
