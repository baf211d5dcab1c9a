/// What is known of the noise in k-space; unitary transforms carry it over to images unchanged.
public enum NoiseLevel: Sendable, Equatable {
  /// No noise scan was found, or nobody knows what became of its noise.
  case unknown
  /// Gaps were filled by what the channels have in common: their noise is not known, and what they differ by holds too
  /// little of it, or none where all are one image under sensitivities.
  case shared
  /// Channels are uncorrelated; the real and the imaginary part each have this standard deviation.
  case whitened(standardDeviation: Float)

  /// The standard deviation of the real part, where it is known.
  public var standardDeviation: Float? {
    if case .whitened(let standardDeviation) = self { standardDeviation } else { nil }
  }

  /// The noise of samples that were multiplied by a positive number.
  public func scaled(by factor: Float) -> NoiseLevel {
    standardDeviation.map { .whitened(standardDeviation: $0 * factor) } ?? self
  }
}
