import MRIData
import NDArrays

/// A way to remove from a field what comes from outside a mask.
///
/// The field of such sources is harmonic inside. Methods are linear: any unit of the field will do.
///
///     let local = try VSHARP()(totalField, mask: brain)
public protocol BackgroundRemoval: ConfiguredMethod {
  /// Removes the background.
  ///
  /// - Parameters:
  ///   - field: The total field, unwrapped, one volume. Voxels that are not finite count as outside the mask.
  ///   - mask: Not zero where the field is known.
  /// - Throws: A ``QSMError`` if field and mask do not fit each other, or the mask is too thin.
  func callAsFunction(
    _ field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>
  ) throws(QSMError) -> LocalField

  /// Removes the background of a field whose noise is known.
  ///
  /// - Parameters:
  ///   - field: The total field, unwrapped, one volume. Voxels that are not finite count as outside the mask.
  ///   - mask: Not zero where the field is known.
  ///   - noise: The standard deviation of the field, in its unit; methods that weigh nothing ignore it.
  /// - Throws: A ``QSMError`` if the volumes do not fit each other, or the mask is too thin.
  func callAsFunction(
    _ field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>, noise: ImageVolumes<Float>?
  ) throws(QSMError) -> LocalField
}

extension BackgroundRemoval {
  /// Removes the background, whatever the noise.
  public func callAsFunction(
    _ field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>, noise: ImageVolumes<Float>?
  ) throws(QSMError) -> LocalField { try self(field, mask: mask) }
}

/// A background removal that weighs voxels by the field's noise where that is known.
public protocol WeightedBackgroundRemoval: BackgroundRemoval {
  /// Removes the background of a field whose noise may be known.
  func callAsFunction(
    _ field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>, noise: ImageVolumes<Float>?
  ) throws(QSMError) -> LocalField
}

extension WeightedBackgroundRemoval {
  /// Removes the background of a field whose noise is not known.
  public func callAsFunction(
    _ field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>
  ) throws(QSMError) -> LocalField { try self(field, mask: mask, noise: nil) }
}
