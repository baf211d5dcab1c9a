import MRIData
import NDArrays
import PhaseUnwrapping

/// How well a local field is known: a deviation for all voxels, and weights that tell them apart.
struct FieldUncertainty {
  /// The standard deviation of the field in a typical voxel, in its unit.
  let deviation: Double
  /// A typical deviation over that of each voxel; `nil` where they are not known.
  ///
  /// Voxels without a positive deviation have the weight 0, and none more than 3.
  let weights: NDArray<Float>?
  /// Whether the deviation was estimated from the field.
  let isEstimated: Bool

  /// Takes the larger of the stated noise and of what the field shows.
  ///
  /// A noise map knows of thermal noise alone, and of that only where its scale is right; a field also scatters by
  /// motion, flow, and voxels of several tissues. A field without noise still has the model's errors: its deviation is
  /// not taken to be less than a fiftieth of the field's own.
  ///
  /// - Parameters:
  ///   - field: The field, zero outside the mask.
  ///   - mask: Where it is known.
  ///   - deviations: What is stated of it, in another unit, zero outside the mask.
  ///   - unit: How many of that unit one of the field's is.
  init(of field: NDArray<Float>, within mask: NDArray<Bool>, deviations: NDArray<Float>?, unit: Double = 1) {
    let count = mask.withUnsafeBufferPointer { Double($0.count { $0 }) }
    let floor = 0.02 * (field.dot(field) / max(count, 1)).squareRoot()
    let shown = max(FieldDeviation.estimate(field, mask: mask), floor)
    let sample = (deviations?.withUnsafeBufferPointer { $0.filter { $0 > 0 } } ?? []).sorted()
    guard let deviations, let typical = sample.middle else {
      (deviation, weights, isEstimated) = (shown, nil, true)
      return
    }
    let stated = Double(typical) / unit
    weights = deviations.map { $0 > 0 ? min(typical / $0, 3) : 0 }
    (deviation, isEstimated) = (max(stated, shown), stated < shown)
  }

  /// The uncertainty [ppm] of a field whose noise is stated in Hz, or not.
  init(_ problem: InversionProblem, noise: ImageVolumes<Float>?) {
    self.init(
      of: problem.field, within: problem.grid.mask, deviations: noise.map { problem.grid.load($0) },
      unit: problem.hertzPerPPM)
  }

  /// How far each voxel is trusted, 1 where its noise is typical or less, 0 outside of a mask: the square of the weights, at most 1.
  func trust(within mask: NDArray<Bool>) -> NDArray<Float> {
    guard let weights else { return mask.map { $0 ? 1 : 0 } }
    return weights.combined(with: mask.map { $0 ? Float(1) : 0 }) { $1 * min($0 * $0, 1) }
  }
}
