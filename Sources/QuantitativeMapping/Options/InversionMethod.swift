/// The ways to invert dipoles by name.
public enum InversionMethod: String, Sendable, Codable, CaseIterable {
  case tv, nltv, tkd, l2, rts, network

  /// Whether gradients are penalized, with weights.
  public var isTotalVariation: Bool { self == .tv || self == .nltv }
}
