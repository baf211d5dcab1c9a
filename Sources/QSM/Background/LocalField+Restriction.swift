import MRIData
import NDArrays

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
