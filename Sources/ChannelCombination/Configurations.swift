import MRIData
import PhaseUnwrapping

// What each combination is, in values. A revision grows whenever equal parameters give other results.

extension MDI {
  /// The method with its estimator.
  public var configuration: MethodConfiguration {
    MethodConfiguration("MDI", revision: 3)
      .with("estimator", estimator == .gramEigenvector ? "eigenvector of the Gram matrix" : "echo ratio")
  }
}

extension RootSumOfSquares {
  /// The method; it has no parameters.
  public var configuration: MethodConfiguration { MethodConfiguration("root sum of squares", revision: 1) }
}

extension AdaptiveCombination {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("adaptive combination (Walsh)", revision: 1)
      .with("radius", radius.map { ($0 * 1e9).rounded() / 1e6 }, "mm")
  }
}

extension MCPC3DS {
  /// The method with its parameters.
  public var configuration: MethodConfiguration {
    MethodConfiguration("MCPC-3D-S", revision: 3)
      .with("smoothing", (0..<3).map { offset.smoothing[$0] }, "voxels")
      .with("unwrapping", offset.unwrapping.configuration)
  }
}
