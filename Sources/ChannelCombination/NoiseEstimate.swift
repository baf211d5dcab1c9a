import MRIData
import NDArrays
import Numerics

extension NoiseLevel {
  /// Estimates the noise from what the model leaves unexplained in voxels with signal.
  ///
  /// Of `2 C K` real numbers per voxel (`C` channels, `K` echoes) the model explains `2 C + 2`: the channels'
  /// complex amplitudes, the field and the rate. The rest sums to a chi-square variable times `sigma^2`, whose
  /// median over the voxels above the mean signal resists motion and flow. Decay that is not exponential
  /// counts as noise.
  ///
  /// - Parameters:
  ///   - residual: The squared signal outside of the combined echoes, for each voxel.
  ///   - maps: The decay that was fitted to them.
  ///   - channels: The number of channels.
  ///   - echoes: The number of echoes.
  init(residual: NDArray<Float>, _ maps: DecayMaps, channels: Int, echoes: Int) {
    let freedom = Double(2 * channels * echoes - 2 * channels - 2)
    let amplitudes = maps.amplitude.elements, residuals = residual.elements, misfits = maps.misfit.elements
    let finite = amplitudes.lazy.filter { $0.isFinite }
    let mean = finite.reduce(0.0) { $0 + Double($1) } / Double(max(finite.count, 1))
    let stride = max(1, amplitudes.count / 100_000)
    let unexplained = Swift.stride(from: 0, to: amplitudes.count, by: stride)
      .filter { Double(amplitudes[$0]) > mean }
      .map { residuals[$0] + misfits[$0] }
      .filter { $0.isFinite }.sorted()
    guard freedom > 0, !unexplained.isEmpty else {
      self = .unknown
      return
    }
    // Wilson and Hilferty's median of chi-square, good to 1 % from two degrees of freedom.
    let root = 1 - 2 / (9 * freedom)
    let variance = Double(unexplained[unexplained.count / 2]) / (freedom * root * root * root)
    self = .whitened(standardDeviation: Float(max(0, variance).squareRoot()))
  }
}
