import MRIData
import NDArrays

/// A local field with what is known about it.
public struct FieldMeasurement: Sendable {
  /// The local field [Hz], one volume; positive where paramagnetic matter raises it.
  public var field: ImageVolumes<Float>
  /// Where the field is known (not zero).
  ///
  /// Voxels whose field is not finite are left out.
  public var mask: ImageVolumes<UInt8>
  /// The strength of the static field [T].
  public var fieldStrength: Double
  /// The standard deviation of the field [Hz], for methods that weigh the data.
  public var fieldNoise: ImageVolumes<Float>?
  /// A magnitude, in any unit, for methods that look for edges in it.
  public var magnitude: ImageVolumes<Float>?
  /// The region (not zero) whose mean susceptibility is zero; the whole mask where absent.
  public var reference: ImageVolumes<UInt8>?

  /// Collects a field with what is known about it.
  public init(
    field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>, fieldStrength: Double,
    fieldNoise: ImageVolumes<Float>? = nil, magnitude: ImageVolumes<Float>? = nil,
    reference: ImageVolumes<UInt8>? = nil
  ) {
    self.field = field
    self.mask = mask
    self.fieldStrength = fieldStrength
    self.fieldNoise = fieldNoise
    self.magnitude = magnitude
    self.reference = reference
  }

  /// The field of one part per million [Hz].
  public var hertzPerPPM: Double { fieldStrength * ScanParameters.protonGyromagneticRatio * 1e-6 }
}
