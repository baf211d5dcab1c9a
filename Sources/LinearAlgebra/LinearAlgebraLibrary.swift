import COpenBLAS

/// The library of matrix products and factorisations.
public enum LinearAlgebraLibrary {
  /// Its version, how it was built, and the processor that it takes this one for.
  public static var version: String {
    "\(String(cString: openblas_get_config())), kernels for \(String(cString: openblas_get_corename()))"
  }
}
