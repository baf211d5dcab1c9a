/// How a brain mask is made.
public enum MaskMethod: String, Sendable, Codable, CaseIterable {
  /// Tissue with a phase within the surface.
  case brain
  /// A surface that grows from the middle of the head to the brain's edge.
  case surface
  /// The brightness of the magnitude, with morphology.
  case threshold
  /// The same of ROMEO's map of phase quality times the magnitude.
  case quality
}
