import Foundation

/// Where a network's weights come from.
public enum WeightSource: Sendable, Equatable {
  /// The weights that come with the package.
  case bundled
  /// A safetensors file.
  case file(String)

  /// The path of the file.
  ///
  /// - Parameter weights: The kind of the weights: each network has its own.
  /// - Throws: ``ReconNetError/noBundledWeights(file:searched:)``.
  func path<Consistency>(of weights: CascadeWeights<Consistency>.Type) throws(ReconNetError) -> String {
    switch self {
    case .file(let path): return path
    case .bundled:
      let folders = Self.resourceFolders
      for folder in folders {
        let path = folder.appending(path: Consistency.bundledFile).path
        if FileManager.default.fileExists(atPath: path) { return path }
      }
      throw .noBundledWeights(file: Consistency.bundledFile, searched: folders.map(\.path))
    }
  }

  /// The folders where resources may be: beside the executable, wherever links to it lie.
  ///
  /// The accessor `Bundle.module` that SwiftPM generates would end the program where the folder is absent.
  private static var resourceFolders: [URL] {
    let folder = "KSpaceToolkit_ReconNet.resources"
    var places: [URL] = []
    if let executable = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") {
      places.append(URL(filePath: executable).deletingLastPathComponent())
    }
    places.append(Bundle.main.bundleURL)
    if let executable = Bundle.main.executableURL { places.append(executable.deletingLastPathComponent()) }
    var folders: [URL] = []
    for place in places {
      for name in [folder, "KSpaceToolkit_ReconNet.bundle"] {
        let candidate = place.appending(path: name)
        if !folders.contains(candidate) { folders.append(candidate) }
      }
    }
    return folders
  }
}
