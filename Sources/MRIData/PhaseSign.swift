/// How the phase of the source relates to `+2 pi f TE` for a positive off-resonance `f`.
public enum PhaseSign: String, Sendable, Codable, CaseIterable {
  /// The source has the toolkit's sign.
  case positive
  /// The source has the other sign; its samples were conjugated (and mirrored back) when they were read.
  case negative
}
