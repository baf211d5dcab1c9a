import Files

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
      let resources = ModuleResources(of: "ReconNet")
      guard let path = resources.path(of: Consistency.bundledFile) else {
        throw .noBundledWeights(file: Consistency.bundledFile, searched: resources.folders.map(\.path))
      }
      return path
    }
  }
}
