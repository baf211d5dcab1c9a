import MRIData
import NDArrays
import PhaseUnwrapping

/// How well a local field is known: a deviation for all voxels, and weights that tell them apart.
struct FieldUncertainty {
  /// The standard deviation of the field in a typical voxel [ppm].
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
  init(_ problem: InversionProblem, noise: ImageVolumes<Float>?) {
    let field = problem.field, count = Double(problem.grid.maskCount)
    let floor = 0.02 * (field.dot(field) / count).squareRoot()
    let shown = max(FieldDeviation.estimate(field, mask: problem.grid.mask), floor)
    guard let noise else {
      (deviation, weights, isEstimated) = (shown, nil, true)
      return
    }
    let deviations = problem.grid.load(noise)
    var sample = deviations.withUnsafeBufferPointer { $0.filter { $0 > 0 } }
    guard !sample.isEmpty else {
      (deviation, weights, isEstimated) = (shown, nil, true)
      return
    }
    sample.sort()
    let typical = sample[sample.count / 2]
    let stated = Double(typical) / problem.hertzPerPPM
    weights = deviations.map { $0 > 0 ? min(typical / $0, 3) : 0 }
    (deviation, isEstimated) = (max(stated, shown), stated < shown)
  }
}
