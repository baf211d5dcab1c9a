import PhaseUnwrapping

/// The ways to unwrap by name: ROMEO's presets, and the Laplacian.
public enum UnwrappingMethod: String, Sendable, Codable, CaseIterable {
  case romeo, romeo2, romeo3, romeo4, romeo6, bestpath, laplacian

  /// The method.
  ///
  /// - Parameter seeds: The largest number of regions that grow and are merged, 1 to 255.
  public func method(seeds: Int) -> FieldUnwrapping.Method {
    self == .laplacian ? .laplacian : .regionGrowing(romeo(seeds: seeds))
  }

  /// Region growing with the preset's weights; those of ``romeo`` for the Laplacian.
  func romeo(seeds: Int) -> ROMEO {
    let weights: ROMEO.Weights =
      switch self {
      case .romeo, .romeo4, .laplacian: .romeo
      case .romeo2: .romeo2
      case .romeo3: .romeo3
      case .romeo6: .romeo6
      case .bestpath: .bestpath
      }
    return ROMEO(weights: weights, seeds: seeds, mergesRegions: true, correctsGlobalWraps: true)
  }
}
