import NDArrays

/// How much voxels count whose noise is known, for methods that no voxel should draw to itself.
struct VoxelWeights {
  /// The square of a typical deviation over that of the voxel, at most 1; zero outside the mask and where no noise is
  /// known, 1 in all of the mask without noise.
  let squared: NDArray<Float>
  /// The typical deviation, in the unit of the noise; `nil` without noise.
  let typical: Double?

  /// Weighs voxels by deviations that are zero outside the mask.
  init(_ noise: NDArray<Float>?, mask: NDArray<Bool>) {
    let deviations = noise?.withUnsafeBufferPointer { $0.filter { $0 > 0 }.sorted() }
    guard let noise, let middle = deviations?.middle else {
      (squared, typical) = (mask.map { $0 ? 1 : 0 }, nil)
      return
    }
    squared = noise.map { $0 > 0 ? min((middle / $0) * (middle / $0), 1) : 0 }
    typical = Double(middle)
  }
}
