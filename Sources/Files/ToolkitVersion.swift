/// The version that outputs record.
public enum ToolkitVersion {
  /// The version by semantic versioning.
  public static let text = "0.2.0"
}
