/// What stored phase values mean.
public enum PhaseScale: Sendable, Equatable {
  /// To be told from the range of the values.
  case automatic
  /// Radians.
  case radians
  /// The number that stands for `pi`.
  case half(Float)
}

extension PhaseScale: LosslessStringConvertible {
  /// Reads `auto`, `radians`, `siemens`, or the number that stands for `pi`.
  public init?(_ text: String) {
    switch text {
    case "auto": self = .automatic
    case "radians", "rad": self = .radians
    case "siemens": self = .half(4096)
    default:
      guard let value = Float(text), value > 0, value.isFinite else { return nil }
      self = .half(value)
    }
  }

  /// The word, or the number.
  public var description: String {
    switch self {
    case .automatic: "auto"
    case .radians: "radians"
    case .half(let value): "\(value)"
    }
  }
}
