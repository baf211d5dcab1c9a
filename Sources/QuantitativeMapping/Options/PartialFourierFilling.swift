/// What becomes of the part of k-space that partial Fourier scans leave out.
public enum PartialFourierFilling: String, Sendable, Codable, CaseIterable {
  /// It stays zero.
  case zeroFilled = "zero-filled"
  /// Magnitudes are completed by projections; phases stay.
  case pocs
}
