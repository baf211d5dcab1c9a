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

  /// The noise of slices as that of their stack: what is known of all, or the mean where slices hardly differ.
  init(ofAll levels: [NoiseLevel]) {
    let deviations = levels.compactMap(\.standardDeviation)
    if let first = levels.first, levels.allSatisfy({ $0 == first }) {
      self = first
    } else if levels.contains(.shared) {
      self = .shared
    } else if deviations.count == levels.count, let least = deviations.min(), let most = deviations.max(),
      most <= 1.1 * least
    {
      let power = deviations.reduce(0) { $0 + $1 * $1 } / Float(deviations.count)
      self = .whitened(standardDeviation: power.squareRoot())
    } else {
      self = .unknown
    }
  }
}
