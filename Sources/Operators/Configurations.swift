import MRIData

extension ZeroFilled {
  /// The method; it has no parameters.
  public var configuration: MethodConfiguration { MethodConfiguration("zero-filled", revision: 1) }
}

extension WindowedReconstruction {
  /// The method whose images are weighted, and the window.
  public var configuration: MethodConfiguration {
    base.configuration.with("window of k-space", window.rawValue)
  }
}

extension PartialFourierMagnitude {
  /// The method whose magnitudes are completed, and how often they are projected.
  public var configuration: MethodConfiguration {
    base.configuration.with("iterations of partial-Fourier POCS", Double(iterations))
  }
}
