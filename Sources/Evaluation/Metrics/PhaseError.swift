import Foundation
import NDArrays

/// The root mean square of phase differences, each taken the short way around the circle [rad].
///
/// ```
/// d = a - b, wrapped to [-pi, pi];   PhaseError = sqrt(mean d^2),   offset removed: d - arg sum exp(i d), wrapped again
/// ```
///
/// A wrap more or less in either image changes nothing. Phase that is noise has an error of `pi / sqrt(3)`, about 1.81:
/// give a mask that leaves the background out.
public struct PhaseError: ImageMetric {
  /// Whether the phase that all voxels share is taken out.
  public var removesOffset: Bool

  /// Describes the metric.
  public init(removesOffset: Bool = false) {
    self.removesOffset = removesOffset
  }

  /// What tables for programs call it.
  public var key: String { removesOffset ? "phase_error_offset_removed" : "phase_error" }
  /// The metric with its unit.
  public var name: String { removesOffset ? "Phase error, offset removed [rad]" : "Phase error [rad]" }

  /// The value for phases in radians [rad].
  public func value(
    of image: NDArray<Float>, against reference: NDArray<Float>, within mask: NDArray<Bool>?
  ) throws(EvaluationError) -> Double {
    let voxels = try ComparedVoxels(image, reference, within: mask)
    let differences = zip(voxels.image, voxels.reference).map {
      wrappedDifference(of: Double($0), from: Double($1))
    }
    var offset = 0.0
    if removesOffset {
      let sum = differences.reduce((0.0, 0.0)) { ($0.0 + cos($1), $0.1 + sin($1)) }
      offset = atan2(sum.1, sum.0)
    }
    let squares = differences.reduce(0) {
      let difference = wrappedDifference(of: $1, from: offset)
      return $0 + difference * difference
    }
    return (squares / Double(voxels.count)).squareRoot()
  }
}

/// The difference of two phases the short way around the circle, -pi to pi [rad].
public func wrappedDifference(of phase: Double, from other: Double) -> Double {
  remainder(phase - other, 2 * .pi)
}
