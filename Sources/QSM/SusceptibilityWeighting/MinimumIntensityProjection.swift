import MRIData
import NDArrays

/// The least value along `z` within a slab around each slice, which shows veins as lines.
public struct MinimumIntensityProjection: Sendable {
  /// The thickness of the slab [m].
  public var thickness: Double

  /// Creates the projection.
  public init(thickness: Double = 8e-3) { self.thickness = thickness }

  /// Projects one volume; slabs are cut off at the ends.
  public func callAsFunction(_ image: ImageVolumes<Float>) -> ImageVolumes<Float> {
    let matrix = image.geometry.matrix, slice = matrix.x * matrix.y
    let reach = max(0, Int((thickness / image.geometry.voxelSize.z / 2 - 0.5).rounded()))
    let result = NDArray(uninitializedShape: matrix.shape) { (target: UnsafeMutableBufferPointer<Float>) in
      image.voxels.withUnsafeBufferPointer { source in
        for z in 0..<matrix.z {
          for index in 0..<slice {
            var least = Float.infinity
            for other in max(0, z - reach)...min(matrix.z - 1, z + reach) {
              least = min(least, source[other * slice + index])
            }
            target[z * slice + index] = least
          }
        }
      }
    }
    return ImageVolumes(result, geometry: image.geometry)
  }
}
