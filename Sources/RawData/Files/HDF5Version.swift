import CHDF5

/// The version of the library that reads and writes raw data.
public enum HDF5Version {
  /// The version, such as `1.10.8`.
  public static var text: String {
    var major: UInt32 = 0, minor: UInt32 = 0, release: UInt32 = 0
    HDF5.exclusively { _ = H5get_libversion(&major, &minor, &release) }
    return "\(major).\(minor).\(release)"
  }
}
