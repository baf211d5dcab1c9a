import MRIData
import NDArrays

/// The way from a wrapped field to susceptibility, with everything on the way.
///
/// ```
/// wrapped field -> unwrapped in the mask -> without background -> susceptibility
/// ```
///
///     let mapping = SusceptibilityMapping(background: VSHARP(), inversion: TotalVariation())
///     let maps = try mapping(wrapped, mask: brain)
public struct SusceptibilityMapping: Sendable {
  /// How the field is unwrapped.
  public var unwrapping: FieldUnwrapping
  /// How the background is removed.
  public var background: any BackgroundRemoval
  /// How the dipoles are inverted.
  public var inversion: any DipoleInversion

  /// Chooses the methods.
  public init(
    unwrapping: FieldUnwrapping = FieldUnwrapping(), background: any BackgroundRemoval = VSHARP(),
    inversion: any DipoleInversion = TotalVariation()
  ) {
    self.unwrapping = unwrapping
    self.background = background
    self.inversion = inversion
  }

  /// A field that repeats, as MDI returns it, and what is known beside it.
  public struct WrappedField: Sendable {
    /// The field [Hz].
    public var field: ImageVolumes<Float>
    /// The interval at which it repeats [Hz]; infinite for a field that is unwrapped already.
    public var period: Double
    /// Its standard deviation [Hz].
    public var noise: ImageVolumes<Float>?
    /// A magnitude of the same scan, in any unit.
    public var magnitude: ImageVolumes<Float>?
    /// The static field [T].
    public var fieldStrength: Double

    /// Collects a field with what is known about it.
    public init(
      field: ImageVolumes<Float>, period: Double, noise: ImageVolumes<Float>? = nil,
      magnitude: ImageVolumes<Float>? = nil, fieldStrength: Double
    ) {
      self.field = field
      self.period = period
      self.noise = noise
      self.magnitude = magnitude
      self.fieldStrength = fieldStrength
    }
  }

  /// All maps.
  public struct Output: Sendable {
    /// The unwrapped field inside of the mask [Hz].
    public var totalField: ImageVolumes<Float>
    /// The field of what lies inside of the mask [Hz].
    public var local: LocalField
    /// The susceptibility.
    public var map: SusceptibilityMap
  }

  /// Maps a susceptibility.
  ///
  /// - Parameters:
  ///   - wrapped: The field with what is known beside it.
  ///   - mask: The brain: not zero.
  ///   - reference: The region whose mean susceptibility is zero; the whole map unless given.
  /// - Throws: ``QSMError``.
  public func callAsFunction(
    _ wrapped: WrappedField, mask: ImageVolumes<UInt8>, reference: ImageVolumes<UInt8>? = nil
  ) throws(QSMError) -> Output {
    let total = try totalField(wrapped, mask: mask)
    let local = try background(total, mask: mask)
    return Output(
      totalField: total, local: local,
      map: try susceptibility(of: local, wrapped: wrapped, reference: reference))
  }

  /// The unwrapped field inside of a mask, zero outside [Hz].
  public func totalField(
    _ wrapped: WrappedField, mask: ImageVolumes<UInt8>
  ) throws(QSMError) -> ImageVolumes<Float> {
    let field = try unwrapping(
      wrapped.field, period: wrapped.period, noise: wrapped.noise, magnitude: wrapped.magnitude, mask: mask)
    var voxels = field.voxels
    mask.voxels.withUnsafeBufferPointer { mask in
      voxels.withUnsafeMutableBufferPointer { voxels in
        for index in voxels.indices where mask[index] == 0 || !voxels[index].isFinite { voxels[index] = 0 }
      }
    }
    return ImageVolumes(voxels, geometry: field.geometry)
  }

  /// The susceptibility of a local field.
  public func susceptibility(
    of local: LocalField, wrapped: WrappedField, reference: ImageVolumes<UInt8>? = nil
  ) throws(QSMError) -> SusceptibilityMap {
    try inversion(
      FieldMeasurement(
        field: local.field, mask: local.mask, fieldStrength: wrapped.fieldStrength,
        fieldNoise: wrapped.noise, magnitude: wrapped.magnitude, reference: reference))
  }
}

extension LocalField {
  /// A local field that is known where a mask is not zero.
  public init(restricting field: ImageVolumes<Float>, to mask: ImageVolumes<UInt8>) {
    precondition(
      field.voxels.shape == mask.voxels.shape,
      "a field of shape \(field.voxels.shape) and a mask of \(mask.voxels.shape)")
    self.init(field: field, mask: mask, iterations: 0, change: 0)
    let known = mask.voxels
    self.field.voxels.withUnsafeMutableBufferPointer { values in
      known.withUnsafeBufferPointer { known in
        for index in values.indices where known[index] == 0 { values[index] = 0 }
      }
    }
  }
}
