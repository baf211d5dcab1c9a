import Foundation

/// Real scans that stand beside a checkout and are not part of the project.
///
/// Tests that need them carry `.enabled(if: SharedData.isPresent, SharedData.absence)`.
public enum SharedData {
  /// The root of this package's checkout.
  public static let packageRoot = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The folder with the data: `KSPACE_SHARED_DATA`, or `../shared/data`.
  public static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["KSPACE_SHARED_DATA"] { return URL(filePath: path) }
    return packageRoot.deletingLastPathComponent().appending(path: "shared/data")
  }()

  /// Whether the data are there.
  public static let isPresent = FileManager.default.fileExists(atPath: folder.appending(path: "mrd").path)

  /// Why a test is skipped.
  public static let absence = "the real scans of ../shared/data are absent"

  /// The path of one file, such as `mrd/brain8ch_full.h5`.
  public static func path(_ name: String) -> String { folder.appending(path: name).path }
}
