import MRIData
import NDArrays

/// The background removal that leaves least for a grid and a mask.
///
/// | what is mapped | method | why |
/// |---|---|---|
/// | at least 60 voxels long, by their longest side | ``TFI`` | keeps most of the local field: heads' maps are a tenth nearer to the truth than after ``VSHARP`` |
/// | less, or without an inside | ``PDF``, without a rim | errors of voxels at the border stay there |
///
/// Voxels of 4 mm at the border of a head hold tissue, fluid and bone at once. Their fields are wrong by several times
/// the local field, and a harmonic field through them carries that inwards. A projection weighted by the noise leaves it
/// where it is; a rim of one and a half times the longest side is then left out of the mask.
public struct AutomaticBackground: WeightedBackgroundRemoval {
  /// The length of the object in longest sides of voxels from which its total field is inverted.
  public var leastLength = 60.0

  /// Creates the method.
  public init() {}

  /// Removes the background of a field whose noise is known.
  public func callAsFunction(
    _ field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>, noise: ImageVolumes<Float>?
  ) throws(QSMError) -> LocalField {
    let grid = try WorkingGrid(field: field, mask: mask, region: .mask(margin: 0))
    let size = field.geometry.voxelSize
    if (grid.boxSize * size).max() >= leastLength * size.max() {
      do throws(QSMError) {
        var result = try TFI()(field, mask: mask, noise: noise)
        result.choice =
          result.choice ?? "total field inversion, as the object is at least \(Int(leastLength)) voxels long"
        return result
      } catch .maskTooThin {
        return try projected(field, mask, noise, because: "the mask is too thin to have a border")
      }
    }
    return try projected(
      field, mask, noise, because: "the object is less than \(Int(leastLength)) voxels long")
  }

  private func projected(
    _ field: ImageVolumes<Float>, _ mask: ImageVolumes<UInt8>, _ noise: ImageVolumes<Float>?,
    because reason: String
  ) throws(QSMError) -> LocalField {
    let found = try PDF()(field, mask: mask, noise: noise)
    let size = field.geometry.voxelSize
    let kept = Morphology(voxelSize: size).eroded(found.mask[0].map { $0 != 0 }, by: 1.5 * size.max())
    var result = found
    if kept.withUnsafeBufferPointer({ $0.contains(true) }) {
      let known = ImageVolumes(kept.map { $0 ? UInt8(1) : 0 }, geometry: field.geometry)
      result = LocalField(restricting: found.field, to: known)
      (result.iterations, result.change) = (found.iterations, found.change)
      result.warnings = found.warnings
    }
    result.choice = "projection onto dipole fields, as \(reason)"
    return result
  }
}
