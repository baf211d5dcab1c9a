import MRIData

// What each method is, in values. A revision grows whenever equal parameters give other phases.

extension FieldUnwrapping: ConfiguredMethod {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    switch method {
    case .laplacian: MethodConfiguration("Laplacian unwrapping", revision: 2)
    case .regionGrowing(let romeo): romeo.configuration
    }
  }
}

extension ROMEO: ConfiguredMethod {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("ROMEO", revision: 2).with("weights", weights.rawValue).with("template", template)
      .with("individual echoes", isIndividual).with("seeds", seeds).with("merging", mergesRegions)
      .with("centring", centersRegions).with("global turns", correctsGlobalWraps)
      .with("second look", rechecksUncertainVoxels).with("slope allowance", Double(slopeAllowance), "rad")
  }
}
