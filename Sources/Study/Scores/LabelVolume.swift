import Evaluation
import MRIData
import NDArrays

/// Regions of interest: a number for every voxel, 0 for none, and a name for every number.
public struct LabelVolume: Sendable {
  /// The regions, axes `[z, y, x]`.
  public let labels: NDArray<Int32>
  /// The names; a region without one is called by its number.
  public let names: [Int32: String]

  /// Names regions.
  public init(_ labels: NDArray<Int32>, names: [Int32: String] = [:]) {
    self.labels = labels
    self.names = names
  }

  /// The values of a map in every region, in the order of their numbers.
  ///
  /// - Throws: ``StudyError/labelsDiffer(labels:images:)``.
  func values(of map: NDArray<Float>) throws(StudyError) -> [RegionValue] {
    guard map.shape == labels.shape else { throw .labelsDiffer(labels: labels.shape, images: map.shape) }
    var members: [Int32: [Double]] = [:]
    labels.withUnsafeBufferPointer { labels in
      map.withUnsafeBufferPointer { values in
        for (label, value) in zip(labels, values) where label != 0 && value.isFinite {
          members[label, default: []].append(Double(value))
        }
      }
    }
    return members.keys.sorted().map { label in
      let values = members[label] ?? []
      let mean = values.reduce(0, +) / Double(values.count)
      let spread = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, values.count - 1))
      return RegionValue(
        name: names[label] ?? "\(label)", mean: mean, standardDeviation: spread.squareRoot(),
        voxels: values.count)
    }
  }
}

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
}
