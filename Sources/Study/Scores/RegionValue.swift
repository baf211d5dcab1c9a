import Evaluation
import MRIData

/// The susceptibility of one region.
public struct RegionValue: Sendable, Equatable, Codable {
  /// The region's name.
  public var name: String
  /// The mean [ppm].
  public var mean: Double
  /// The standard deviation over the region's voxels [ppm].
  public var standardDeviation: Double
  /// The number of voxels.
  public var voxels: Int
  /// The standard deviation over voxels of the difference from the reference [ppm].
  public var differenceDeviation: Double?
}
