import MRIData

/// Why the images of several channels cannot be combined.
public enum CoilCombinationError: Error, Equatable, CustomStringConvertible {
  /// The field needs the phase of at least two echoes.
  case tooFewEchoes(Int)
  /// Echo times do not grow from echo to echo [s].
  case echoTimesNotIncreasing([Double])
  /// The echo ratio needs equally spaced echoes [s].
  case unequalEchoSpacing([Double])
  /// Echoes of both readout polarities, but no echo between two of the other polarity.
  case inseparablePolarities([ReadoutPolarity])

  /// What is wrong, where, and what to do.
  public var description: String {
    switch self {
    case .tooFewEchoes(let count):
      "A field map needs at least two echoes, and the images have \(count). "
        + "Combine them by root sum of squares, or adaptively where the phase is wanted."
    case .echoTimesNotIncreasing(let times) where times.contains(where: \.isNaN):
      "The echo times are unknown. Name them when the scan is read (`echoTimes`)."
    case .echoTimesNotIncreasing(let times):
      "The echo times \(Self.milliseconds(times)) do not grow from echo to echo. "
        + "Correct the header's echo times."
    case .unequalEchoSpacing(let times):
      "The echo ratio needs equally spaced echoes, and the echo times are \(Self.milliseconds(times)). "
        + "Take `combine: mdi`, which takes any spacing."
    case .inseparablePolarities(let polarities):
      "The \(polarities.count) echoes were read out as \(polarities.map(\.rawValue).joined(separator: ", ")): "
        + "without an echo between two of the other polarity, the phase that the readout gradient leaves "
        + "cannot be told from the field. Take `combine: adaptive`, which gives images without a field map."
    }
  }

  private static func milliseconds(_ times: [Double]) -> String {
    times.map { "\(($0 * 1e6).rounded() / 1e3)" }.joined(separator: ", ") + " ms"
  }
}
