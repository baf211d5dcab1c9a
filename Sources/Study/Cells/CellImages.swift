import MRIData
import NDArrays
import QSM
import QuantitativeMapping

/// What one cell of a study yields: combined images, and maps where the echoes allow them.
public struct CellImages: Sendable {
  /// The magnitude of every echo, axes `[echo, z, y, x]`.
  public var magnitude: ImageVolumes<Float>
  /// The phase of every echo [rad], where a field map gives it a meaning.
  public var phase: ImageVolumes<Float>?
  /// The off-resonance [Hz], wrapped with a period of ``fieldPeriod``; `nil` for a single echo.
  public var field: ImageVolumes<Float>?
  /// The standard deviation of the field [Hz], where it is known.
  public var fieldNoise: ImageVolumes<Float>?
  /// R2* [1/s].
  public var r2Star: ImageVolumes<Float>?
  /// The susceptibility [ppm].
  public var susceptibility: ImageVolumes<Float>?
  /// The interval at which the field repeats [Hz].
  public var fieldPeriod: Double?

  /// Creates images without maps.
  public init(magnitude: ImageVolumes<Float>) { self.magnitude = magnitude }

  /// Takes what the echoes of a scan yielded, which has magnitudes.
  ///
  /// The phase of combined echoes means something only beside a field.
  init(_ maps: EchoMaps, susceptibility: ImageVolumes<Float>?) {
    guard let magnitude = maps.magnitude else { preconditionFailure("a cell without magnitudes") }
    self.magnitude = magnitude
    if let field = maps.field {
      phase = maps.phase
      self.field = field.values
      fieldNoise = field.noise
      fieldPeriod = field.period
    }
    r2Star = maps.r2Star
    self.susceptibility = susceptibility
  }

  /// What the echoes yielded, with the parameters of their scan.
  func maps(_ parameters: ScanParameters) -> EchoMaps {
    let field = field.map { values in
      FieldMap(values, noise: fieldNoise, stage: fieldPeriod.map { .wrapped(period: $0) } ?? .total)
    }
    return EchoMaps(
      magnitude: magnitude, phase: phase, field: field, r2Star: r2Star, parameters: parameters,
      geometry: magnitude.geometry)
  }

  /// Where there is signal in the first echo; in a volume, without what is as thin as the scalp.
  func object() throws(QSMError) -> NDArray<Bool> {
    let matrix = magnitude.geometry.matrix
    let isVolume = min(matrix.x, matrix.y, matrix.z) >= 8
    let method = isVolume ? MagnitudeMask() : MagnitudeMask(openingRadius: 0, closingRadius: 0)
    return try method(ImageVolumes(magnitude[0], geometry: magnitude.geometry))[0].map { $0 != 0 }
  }
}
