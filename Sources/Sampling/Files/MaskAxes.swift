/// The order of a mask's axes in an array, slowest first, as NumPy's shape shows it.
public enum MaskAxes: String, Sendable, CaseIterable {
  /// `shape == (kz, ky)`, as this toolkit writes them.
  case partitionsFirst = "kz,ky"
  /// `shape == (ky, kz)`.
  case linesFirst = "ky,kz"
}
