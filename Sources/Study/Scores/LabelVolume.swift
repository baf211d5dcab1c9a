import Evaluation
import MRIData
import NDArrays

/// Regions of interest: a number for every voxel, 0 for none, and a name for every number.
public struct LabelVolume: Sendable {
  /// The regions, axes `[z, y, x]`.
  public let labels: NDArray<Int32>
  /// The names; a region without one is called by its number.
  public let names: [Int32: String]
  /// The image that the regions were drawn on, such as a T1-weighted one; `nil` for the grid of the scan.
  public let anatomy: ImageVolumes<Float>?

  /// Names regions on the grid of a scan's images.
  public init(_ labels: NDArray<Int32>, names: [Int32: String] = [:]) {
    self.labels = labels
    self.names = names
    anatomy = nil
  }

  /// Names regions that were drawn on an image.
  ///
  /// - Throws: ``StudyError/gridsDiffer(volume:shape:images:)`` if the regions are not on the grid of their image.
  public init(
    _ labels: NDArray<Int32>, names: [Int32: String], drawnOn anatomy: ImageVolumes<Float>
  ) throws(StudyError) {
    let shape = anatomy.geometry.matrix.shape
    guard shape == labels.shape else {
      throw .gridsDiffer(volume: "label volume", shape: labels.shape, images: shape)
    }
    self.labels = labels
    self.names = names
    self.anatomy = anatomy
  }

  /// Keeps the regions that have names, if any has; regions of one name become one.
  public init(_ labels: NDArray<Int32>, regions names: [Int32: String]) {
    var numbers: [String: Int32] = [:]
    for (number, name) in names { numbers[name] = min(number, numbers[name] ?? number) }
    self.labels = names.isEmpty ? labels : labels.map { names[$0].flatMap { numbers[$0] } ?? 0 }
    self.names = names
    anatomy = nil
  }

  /// The names of the regions that have voxels.
  public var regions: Set<String> {
    Set(Set(labels.elements).subtracting([0]).map { names[$0] ?? "\($0)" })
  }

  /// The values of a map in every region, in the order of their numbers.
  ///
  /// - Parameter known: Zero where there is no map; the whole grid unless given.
  /// - Throws: ``StudyError/gridsDiffer(volume:shape:images:)``.
  func values(of map: NDArray<Float>, within known: NDArray<Float>? = nil) throws -> [RegionValue] {
    guard map.shape == labels.shape else {
      throw StudyError.gridsDiffer(volume: "label volume", shape: labels.shape, images: map.shape)
    }
    let counts = known.map { $0.map { $0 != 0 && $0.isFinite } } ?? map.map(\.isFinite)
    return try RegionStatistics.all(in: map, labels: labels, within: counts).map { region in
      RegionValue(
        name: names[Int32(region.label)] ?? "\(region.label)", mean: region.mean,
        standardDeviation: region.standardDeviation ?? 0, voxels: region.count)
    }
  }
}

extension LabelVolume {
  /// The values of a map in every region where the reference has one, and how far voxels differ from it.
  ///
  /// - Throws: ``StudyError/gridsDiffer(volume:shape:images:)``.
  func values(of map: NDArray<Float>, against reference: NDArray<Float>?) throws -> [RegionValue] {
    var values = try values(of: map, within: reference)
    guard let reference else { return values }
    let difference = NDArray<Float>(uninitializedShape: map.shape) { target in
      map.withUnsafeBufferPointer { map in
        reference.withUnsafeBufferPointer { reference in
          for index in map.indices { target.initializeElement(at: index, to: map[index] - reference[index]) }
        }
      }
    }
    for (index, region) in try self.values(of: difference, within: reference).enumerated() {
      values[index].differenceDeviation = region.standardDeviation
    }
    return values
  }
}
