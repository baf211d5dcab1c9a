/// How long to look for the fastest way to compute a transform.
public enum Planning: Sendable {
  /// Chooses at once, by rules of thumb, and mostly well: every transform runs along one axis in cache.
  case estimate
  /// Tries the ways and measures them, which takes up to a second; for very many or large transforms.
  ///
  /// What was learned is kept in `kspace/fftw-wisdom` of the user's cache folder, so that only the first
  /// transform of an extent pays.
  case measure

  /// The planning that pays for a number of elements, each counted as often as it will be transformed.
  ///
  /// Measured plans take a fifth to a half less time; measuring takes as long as transforming some hundred million elements.
  public static func suited(toElements count: Int) -> Planning { count > 1 << 27 ? .measure : .estimate }
}
