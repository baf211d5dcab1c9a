import MRIData
import NDArrays

/// Where the object of volumes is, and which values it has.
struct ObjectStatistics {
  /// The values within the object, sorted; a sample if there are many.
  private let values: [Float]
  /// The first and the last slice that show a fair part of the object.
  private let extent: ClosedRange<Int>

  /// Enough values to know a percentile to a thousandth.
  private static let sampleCount = 1 << 18

  /// Finds the object by a mask, or by its brightness in the first volume.
  init(_ volumes: ImageVolumes<Float>, mask: NDArray<Bool>?, axis: Int) {
    let matrix = volumes.geometry.matrix
    let volume = matrix.count
    let elements = volumes.voxels.elements
    func sample(where isIncluded: (Int) -> Bool) -> [Float] {
      // An odd step does not fall in with even extents.
      let step = max(1, elements.count / Self.sampleCount) | 1
      var values: [Float] = []
      for index in stride(from: 0, to: elements.count, by: step)
      where elements[index].isFinite && isIncluded(index % volume) { values.append(elements[index]) }
      return values.sorted()
    }
    let isObject: (Int) -> Bool
    if let flags = mask?.elements {
      isObject = { flags[$0] }
    } else {
      let threshold = 0.1 * Self.percentile(99, of: sample { _ in true }.map(abs).sorted())
      isObject = { abs(elements[$0]) > threshold }
    }
    values = sample(where: isObject)

    var counts = [Int](repeating: 0, count: matrix[axis])
    let below = axis == 0 ? 1 : axis == 1 ? matrix.x : matrix.x * matrix.y
    for voxel in 0..<volume where isObject(voxel) { counts[voxel / below % matrix[axis]] += 1 }
    let fair = (counts.max() ?? 0) / 20
    extent =
      (counts.firstIndex { $0 > fair } ?? 0)...(counts.lastIndex { $0 > fair } ?? matrix[axis] - 1)
  }

  /// Slices at equal distances within the object, in the order in which they are shown.
  func slices(_ count: Int, falling: Bool) -> [Int] {
    let count = min(count, extent.count)
    return (0..<count).map { slice in
      // The middles of equal parts.
      let offset = (2 * slice + 1) * extent.count / (2 * count)
      return falling ? extent.upperBound - offset : extent.lowerBound + offset
    }
  }

  /// The values that a window spans.
  func range(_ window: Montage.Window) -> ClosedRange<Float> {
    switch window {
    case .range(let range): return range
    case .percentiles(let low, let high):
      precondition(low <= high, "percentiles \(low) and \(high) are in the wrong order")
      return Self.percentile(low, of: values)...Self.percentile(high, of: values)
    case .symmetric(let percentile):
      let bound = Self.percentile(percentile, of: values.map(abs).sorted())
      return -bound...bound
    }
  }

  private static func percentile(_ percentage: Double, of sorted: [Float]) -> Float {
    precondition((0...100).contains(percentage), "\(percentage) is no percentage")
    return sorted.ranked(percentage / 100, .toNearestOrAwayFromZero) ?? 0
  }
}
