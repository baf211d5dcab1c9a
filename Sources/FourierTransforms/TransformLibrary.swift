import CFFTW

/// The library that transforms.
public enum TransformLibrary {
  /// Its name and version, such as `fftw-3.3.10-sse2-avx`.
  public static var version: String { String(cString: kst_fftwf_version()) }
}
