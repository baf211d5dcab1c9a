import MRIData

// What each combination is, in values. A revision grows whenever equal parameters give other results.

extension MDI {
  /// The method with its estimator.
  public var configuration: MethodConfiguration {
    MethodConfiguration("MDI", revision: 2)
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
