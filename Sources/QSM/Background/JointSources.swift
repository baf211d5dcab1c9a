import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// Sources inside and outside a mask that explain a field together, each kind of the size that is expected of it.
///
/// ```
/// min |W (f - D x)|^2 / level^2 + |x / s|^2
/// ```
///
/// on a ``Coarsening`` of the grid. Unknowns are `x / s`, so that the prior is the identity and conjugate gradients need
/// no other scale.
struct JointSources {
  private let grid: WorkingGrid
  private let coarse: Coarsening
  /// Whether at least half of a coarse voxel lies in the mask.
  private let inside: NDArray<Bool>
  /// `W^2 / level^2`, and that times the field.
  private let (trust, data): (NDArray<Float>, NDArray<Float>)
  /// `s`.
  private var scales: NDArray<Float>
  private let transform: RealFourierTransform
  private let kernel: NDArray<Float>
  private var workspace: NDArray<Complex<Float>>

  /// States the problem.
  ///
  /// - Parameters:
  ///   - field: The field in the mask, zero elsewhere.
  ///   - trust: `W^2`.
  ///   - level: The deviation of the field in a voxel of full weight.
  ///   - deviations: `s` inside and outside, in the unit of the field.
  init(
    of field: NDArray<Float>, on grid: WorkingGrid, trust: NDArray<Float>, level: Float,
    deviations: (inside: Float, outside: Float)
  ) {
    let coarse = Coarsening(of: grid), weight = 1 / (level * level)
    let inside = coarse.means(of: grid.mask.map { $0 ? 1 : 0 }).map { $0 >= 0.5 }
    (self.grid, self.coarse, self.inside) = (grid, coarse, inside)
    self.trust = coarse.means(of: trust).map { weight * $0 }
    data = coarse.means(of: field.combined(with: trust) { weight * $0 * $1 })
    scales = inside.map { $0 ? deviations.inside : deviations.outside }
    transform = RealFourierTransform(shape: coarse.matrix.shape)
    workspace = transform.makeWorkspace()
    kernel =
      DipoleKernel(matrix: coarse.matrix, voxelSize: coarse.voxelSize, direction: grid.fieldDirection).factors
  }

  /// The sources, by conjugate gradients.
  mutating func solve(
    tolerance: Double, maximumIterations: Int
  ) -> (sources: NDArray<Float>, iterations: Int, residual: Double) {
    let (transform, kernel, scales, trust) = (transform, kernel, scales, trust)
    var right = data
    transform.filter(&right, workspace: &workspace, by: kernel)
    right.update(scales) { $0 * $1 }
    let result = FieldConjugateGradients.solve(
      right, tolerance: tolerance, maximumIterations: maximumIterations
    ) { unknowns in
      let prior = unknowns
      unknowns.update(scales) { $0 * $1 }
      transform.filter(&unknowns, workspace: &workspace, by: kernel)
      unknowns.update(trust) { $0 * $1 }
      transform.filter(&unknowns, workspace: &workspace, by: kernel)
      unknowns.update(scales) { $0 * $1 }
      unknowns.update(prior) { $0 + $1 }
    }
    return (result.solution.combined(with: scales) { $0 * $1 }, result.iterations, result.residual)
  }

  /// Expects stronger sources where those that were found are stronger than elsewhere, if any are far stronger.
  ///
  /// What counts is the mean square over a Gaussian as wide as a twenty-fifth of the object. In heads without lesions it
  /// stays below ten times its mean in the mask.
  ///
  /// - Returns: Whether any are, sixteen times that mean.
  mutating func expectMore(where sources: NDArray<Float>) -> Bool {
    let width = 0.04 * (grid.boxSize * grid.voxelSize).max()
    let means = LocalMeans(
      within: inside, DifferenceKernel(matrix: coarse.matrix, voxelSize: coarse.voxelSize),
      variance: width * width
    ) { transform.filter(&$0, workspace: &workspace, by: $1) }
    var energy = sources.map { $0 * $0 }
    energy.keepOnly(inside)
    means(&energy) { transform.filter(&$0, workspace: &workspace, by: $1) }
    energy.keepOnly(inside)
    let found = energy.elements(within: inside)
    let mean = Float(found.reduce(0.0) { $0 + Double($1) } / Double(max(found.count, 1)))
    guard mean > 0, found.contains(where: { $0 > 16 * mean }) else { return false }
    scales.update(energy) { $0 * max($1 / mean, 1) }
    return true
  }

  /// The field of the sources outside, on the fine grid.
  func field(ofOuter sources: NDArray<Float>) -> NDArray<Float> {
    var outer = sources
    outer.keepOnly(inside.map { !$0 })
    outer = coarse.spread(outer)
    outer.keepOnly(grid.mask.map { !$0 })
    return DipoleKernel(grid).field(of: outer)
  }
}
