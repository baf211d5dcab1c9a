import Foundation

/// Files that come with a module of the package.
///
/// They lie in a folder beside the executable, wherever links to it lie. The accessor `Bundle.module` that SwiftPM generates
/// would end the program where that folder is absent.
public struct ModuleResources: Sendable {
  /// The folders that are looked into, in order.
  public let folders: [URL]

  /// Names a module, such as `ReconNet`.
  public init(of module: String) {
    var places: [URL] = []
    if let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      places.append(URL(filePath: executable).deletingLastPathComponent())
    }
    places.append(Bundle.main.bundleURL)
    if let executable = Bundle.main.executableURL { places.append(executable.deletingLastPathComponent()) }
    var folders: [URL] = []
    for place in places {
      for ending in ["resources", "bundle"] {
        let candidate = place.appending(path: "KSpaceToolkit_\(module).\(ending)")
        if !folders.contains(candidate) { folders.append(candidate) }
      }
    }
    self.folders = folders
  }

  /// The path of a file; `nil` where no folder has it.
  public func path(of file: String) -> String? {
    folders.lazy.map { $0.appending(path: file).path }.first { FileManager.default.fileExists(atPath: $0) }
  }
}
