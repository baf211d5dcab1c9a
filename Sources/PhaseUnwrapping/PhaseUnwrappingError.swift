/// Why phases cannot be unwrapped, or echoes not be fitted.
public enum PhaseUnwrappingError: Error, Equatable {
  /// No edge between neighbouring voxels can be judged: the mask is empty, or there is no signal.
  case nothingToUnwrap
  /// Echo times are missing, not positive, or not in ascending order.
  case echoTimes(_ seconds: [Double], needed: Int)
  /// Echoes of both readout polarities that do not alternate, or are fewer than three.
  case notAlternating(echoes: Int)
}

extension PhaseUnwrappingError: CustomStringConvertible {
  /// What is wrong, where, and what to do.
  public var description: String {
    switch self {
    case .nothingToUnwrap:
      "There is nothing to unwrap: the mask is empty, or phase and magnitude hold no finite signal inside of it. "
        + "Check that mask, magnitude and phase belong to the same scan."
    case .echoTimes(let seconds, let needed):
      "Echo times \(seconds) s do not fit \(needed) echo volumes: one positive time in seconds is needed for each, "
        + "in ascending order. Give them (`echoTimes`)."
    case .notAlternating(let echoes):
      "The phase of reversed readouts can be taken out where at least three echoes are read forwards and backwards by turns, "
        + "which these \(echoes) are not. Take `combine: adaptive`, which leaves it in the phase."
    }
  }
}
