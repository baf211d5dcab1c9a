import MRIData
import NDArrays
import PhaseUnwrapping

/// How well a local field is known: a deviation for all voxels, and weights that tell them apart.
struct FieldUncertainty {
  /// The standard deviation of the field in a typical voxel, in the field's unit.
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
  ///   - field: The local field, zero outside the mask.
  ///   - grid: The grid with the mask.
  ///   - noise: The stated deviation; `nil` if none is.
  ///   - unit: What one unit of the field is in that of the noise.
  init(of field: NDArray<Float>, on grid: WorkingGrid, noise: ImageVolumes<Float>?, unit: Double = 1) {
    let floor = 0.02 * (field.dot(field) / Double(grid.maskCount)).squareRoot()
    let shown = max(FieldDeviation.estimate(field, mask: grid.mask), floor)
    guard let noise = VoxelNoise(noise, on: grid) else {
      (deviation, weights, isEstimated) = (shown, nil, true)
      return
    }
    let stated = Double(noise.typical) / unit
    weights = noise.weights(atMost: 3)
    (deviation, isEstimated) = (max(stated, shown), stated < shown)
  }

  init(_ problem: InversionProblem, noise: ImageVolumes<Float>?) {
    self.init(of: problem.field, on: problem.grid, noise: noise, unit: problem.hertzPerPPM)
  }
}
