import MRIData
import NDArrays
import Numerics

/// Means over a Gaussian neighbourhood, of what is known of it.
struct LocalMeans {
  private let gaussian: NDArray<Float>
  private let known: NDArray<Float>

  /// Prepares the means in a mask.
  ///
  /// - Parameters:
  ///   - mask: Where volumes are known; they are zero elsewhere.
  ///   - kernel: The differences' kernel of the grid.
  ///   - variance: That of the Gaussian [mm^2].
  ///   - filter: Filters a volume by factors in k-space.
  init(
    within mask: NDArray<Bool>, _ kernel: DifferenceKernel, variance: Double,
    filter: (_ volume: inout NDArray<Float>, _ factors: NDArray<Float>) -> Void
  ) {
    let half = Float(variance / 2)
    gaussian = kernel.squares.map { Float.exp(-half * $0) }
    var known = mask.map { Float($0 ? 1 : 0) }
    filter(&known, gaussian)
    self.known = known
  }

  /// Replaces a volume by its means.
  func callAsFunction(
    _ volume: inout NDArray<Float>,
    filter: (_ volume: inout NDArray<Float>, _ factors: NDArray<Float>) -> Void
  ) {
    filter(&volume, gaussian)
    volume.update(known) { $0 / max($1, 0.1) }
  }
}
