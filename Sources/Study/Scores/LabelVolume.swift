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

  /// Keeps the regions that have names, if any has; regions of one name become one.
  public init(_ labels: NDArray<Int32>, regions names: [Int32: String]) {
    var numbers: [String: Int32] = [:]
    for (number, name) in names { numbers[name] = min(number, numbers[name] ?? number) }
    self.init(
      names.isEmpty ? labels : labels.map { names[$0].flatMap { numbers[$0] } ?? 0 }, names: names)
  }

  /// The names of the regions that have voxels.
  public var regions: Set<String> {
    Set(Set(labels.elements).subtracting([0]).map { names[$0] ?? "\($0)" })
  }

  /// The values of a map in every region, in the order of their numbers.
  ///
  /// - Throws: ``StudyError/labelsDiffer(labels:images:)``.
  func values(of map: NDArray<Float>) throws -> [RegionValue] {
    guard map.shape == labels.shape else {
      throw StudyError.labelsDiffer(labels: labels.shape, images: map.shape)
    }
    return try RegionStatistics.all(in: map, labels: labels, within: map.map(\.isFinite)).map { region in
      RegionValue(
        name: names[Int32(region.label)] ?? "\(region.label)", mean: region.mean,
        standardDeviation: region.standardDeviation ?? 0, voxels: region.count)
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
