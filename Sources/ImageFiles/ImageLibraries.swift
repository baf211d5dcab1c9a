import CPNG
import CZlib

/// The libraries that compress images.
public enum ImageLibraries {
  /// The version of libpng.
  public static var png: String { String(cString: png_get_libpng_ver(nil)) }
  /// The version of zlib.
  public static var zlib: String { String(cString: zlibVersion()) }
}
