import Files
import Foundation
import ImageFiles

/// The kinds of files that a scan's array may lie in.
public enum ScanArrayFormat: String, Sendable {
  /// NumPy's `.npy`.
  case numPy = "npy"
  /// BART's `.cfl` and `.hdr`.
  case bart = "cfl"

  /// The format that a file's name stands for; `nil` for others.
  public init?(ofFile path: String) {
    switch URL(filePath: path).pathExtension.lowercased() {
    case "npy": self = .numPy
    case "cfl", "hdr": self = .bart
    default: return nil
    }
  }
}
