import MRIData

/// What a computation in k-space works on: the whole grid, or the mask with a margin.
public enum WorkingRegion: Sendable, Equatable {
  /// The grid as it is, which repeats with its period.
  case wholeGrid
  /// The box around the mask with at least this distance [m] to its copies; extents fast to transform.
  case mask(margin: Double)
  /// The box around the mask with a distance to its copies that is this part of its longest side.
  ///
  /// What a source does to its copies depends on distances relative to its size alone.
  case object(margin: Double)

  /// The box around the mask with a quarter of its longest side around it.
  public static let surroundings = WorkingRegion.object(margin: 0.25)

  /// The extents of what is computed on for a box of voxels.
  ///
  /// - Parameters:
  ///   - box: The box around the mask, or the whole grid.
  ///   - voxelSize: The distance of neighbouring voxels, in the unit of the margin.
  package func matrix(around box: Extents, voxelSize: SIMD3<Double>) -> Extents {
    let distance: Double
    switch self {
    case .wholeGrid: return box
    case .mask(let margin): distance = margin
    case .object(let margin):
      distance = margin * (SIMD3(Double(box.x), Double(box.y), Double(box.z)) * voxelSize).max()
    }
    precondition(distance >= 0, "a margin of \(distance)")
    var matrix = box
    for axis in 0..<3 {
      matrix[axis] = FastExtent.next(box[axis] + Int((distance / voxelSize[axis]).rounded(.up)))
    }
    return matrix
  }
}
