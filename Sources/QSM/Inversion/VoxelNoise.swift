import MRIData
import NDArrays

/// The deviations that a noise map states in a working grid's mask.
struct VoxelNoise {
  /// The middle one, in the map's unit.
  let typical: Float
  private let deviations: NDArray<Float>

  /// Reads a map; `nil` without one, or if no deviation in the mask is positive.
  init?(_ noise: ImageVolumes<Float>?, on grid: WorkingGrid) {
    guard let deviations = noise.map({ grid.load($0) }),
      let typical = deviations.elements(within: grid.mask).filter({ $0 > 0 }).sorted().middle
    else { return nil }
    (self.deviations, self.typical) = (deviations, typical)
  }

  /// The typical deviation over that of each voxel, at most a largest weight; 0 where it is not positive.
  func weights(atMost largest: Float) -> NDArray<Float> {
    deviations.map { [typical] in $0 > 0 ? min(typical / $0, largest) : 0 }
  }
}
