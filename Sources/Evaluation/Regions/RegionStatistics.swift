import Foundation
import NDArrays

/// What an image holds within one labeled region.
public struct RegionStatistics: Sendable, Equatable, Codable {
  /// The number that marks the region in the label volume.
  public let label: Int
  /// The number of voxels.
  public let count: Int
  /// The mean value.
  public let mean: Double
  /// The middle value; of an even number, the mean of the middle two.
  public let median: Double
  /// The standard deviation with `n - 1`; `nil` for a single voxel.
  public let standardDeviation: Double?
  /// The smallest value.
  public let minimum: Double
  /// The largest value.
  public let maximum: Double
}

extension RegionStatistics {
  /// The values of an image within every region of a label volume, by ascending label; 0 is background.
  ///
  /// Phases are taken around the circle: their mean is the angle of the sum of `exp(i phase)`, from which the other values
  /// are measured the short way; a wrap more or less changes nothing.
  ///
  /// - Parameters:
  ///   - image: Real values.
  ///   - labels: The region of each voxel.
  ///   - mask: The voxels that count; all of a region's unless given. Regions without any are left out.
  ///   - isPhase: Whether the values are phases [rad].
  /// - Throws: ``EvaluationError/notFinite(_:voxels:)`` if voxels that count are not finite.
  /// - Precondition: All arrays have the same shape.
  public static func all(
    in image: NDArray<Float>, labels: NDArray<Int32>, within mask: NDArray<Bool>? = nil, isPhase: Bool = false
  ) throws(EvaluationError) -> [RegionStatistics] {
    requireSameShape(image.shape, labels.shape, mask?.shape)
    var values: [Int32: [Float]] = [:]
    let flags = mask?.elements
    image.withUnsafeBufferPointer { voxels in
      labels.withUnsafeBufferPointer { labels in
        for index in labels.indices where labels[index] != 0 && flags?[index] ?? true {
          values[labels[index], default: []].append(voxels[index])
        }
      }
    }
    let bad = values.values.reduce(0) { $0 + $1.count { !$0.isFinite } }
    guard bad == 0 else { throw .notFinite(.image, voxels: bad) }
    return values.keys.sorted().map { label in
      let values = (values[label] ?? []).map(Double.init)
      return isPhase
        ? RegionStatistics(label: Int(label), phases: values)
        : RegionStatistics(
          label: Int(label), values: values, mean: values.sorted().reduce(0, +) / Double(values.count))
    }
  }

  private init(label: Int, phases: [Double]) {
    let mean = atan2(
      phases.reduce(0) { $0 + sin($1) },
      phases.reduce(0) { $0 + cos($1) })
    self.init(label: label, values: phases.map { mean + wrappedDifference(of: $0, from: mean) }, mean: mean)
  }

  private init(label: Int, values: [Double], mean: Double) {
    let sorted = values.sorted()
    let count = sorted.count, middle = count / 2
    let squares = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.label = label
    self.count = count
    self.mean = mean
    median = count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    standardDeviation = count > 1 ? (squares / Double(count - 1)).squareRoot() : nil
    minimum = sorted[0]
    maximum = sorted[count - 1]
  }
}

extension NDArray<Int32> {
  /// Labels that a file stores as real numbers.
  ///
  /// - Throws: ``EvaluationError/fractionalLabel(_:)`` for anything but whole numbers in range.
  public init(labels: NDArray<Float>) throws(EvaluationError) {
    self = try labels.map { (value) throws(EvaluationError) in
      guard let label = Int32(exactly: value) else { throw .fractionalLabel(Double(value)) }
      return label
    }
  }
}
