import MRIData
import NDArrays

/// A map of the off-resonance, and what is known beside it.
public struct FieldMap: Sendable {
  /// How far a field is on its way to susceptibility.
  public enum Stage: Sendable, Equatable {
    /// As echoes tell it: repeated with a period [Hz], the shift between two echoes that turns the phase once.
    case wrapped(period: Double)
    /// Without wraps, of everything inside of the body and outside.
    case total
    /// Of what lies inside of the mask alone.
    case local
  }

  /// The off-resonance [Hz], one volume; paramagnetic matter makes it positive.
  public var values: ImageVolumes<Float>
  /// Its standard deviation by noise [Hz]; `nil` where it is not known.
  public var noise: ImageVolumes<Float>?
  /// How far it is.
  public var stage: Stage

  /// Collects a field and what is known beside it.
  public init(_ values: ImageVolumes<Float>, noise: ImageVolumes<Float>? = nil, stage: Stage) {
    self.values = values
    self.noise = noise
    self.stage = stage
  }

  /// The interval at which the field repeats [Hz]; `nil` for one that does not.
  public var period: Double? { if case .wrapped(let period) = stage { period } else { nil } }
}
