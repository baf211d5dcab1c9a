import FourierTransforms
import MRIData
import NDArrays

/// Background removal by projection onto dipole fields: the part that sources outside the mask explain best.
///
/// ```
/// min |W M (f - D x)|^2     x zero inside the mask;   local = M (f - D x)
/// ```
///
/// by conjugate gradients on the normal equations. Where the noise is known, `W` is a typical deviation over that of the
/// voxel, and at most 1: voxels at the border that hardly have signal do not draw the background to themselves. No rim is
/// lost, but near the border the local field may be taken for background.
///
/// - SeeAlso: T. Liu et al., "A novel background field removal method for MRI using projection onto dipole fields
///   (PDF)", NMR Biomed 24:1129, 2011, doi:10.1002/nbm.1670.
public struct PDF: WeightedBackgroundRemoval {
  /// How far around the mask's box sources may lie [m]; a quarter of the box's longest side where absent.
  public var margin: Double?
  /// The residual of the normal equations relative to the first that ends the iterations.
  public var tolerance: Double
  /// The largest number of iterations.
  public var maximumIterations: Int

  /// Creates the method.
  ///
  /// - Precondition: The margin is positive, and there is at least one iteration.
  public init(margin: Double? = nil, tolerance: Double = 1e-3, maximumIterations: Int = 100) {
    precondition(
      (margin ?? 1) > 0 && maximumIterations > 0,
      "a margin of \(margin ?? 0) m, \(maximumIterations) iterations")
    self.margin = margin
    self.tolerance = tolerance
    self.maximumIterations = maximumIterations
  }

  /// Removes the background of a field whose noise is known.
  public func callAsFunction(
    _ field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>, noise: ImageVolumes<Float>?
  ) throws(QSMError) -> LocalField {
    let grid = try WorkingGrid(
      field: field, mask: mask, region: margin.map { .mask(margin: $0) } ?? .surroundings)
    if let noise { try WorkingGrid.check(noise, "field noise", on: field.geometry) }
    let transform = RealFourierTransform(shape: grid.matrix.shape)
    var workspace = transform.makeWorkspace()
    let kernel = DipoleKernel(grid).factors
    let (inside, outside) = (grid.mask, grid.mask.map { !$0 })
    let total = grid.load(field), ones = inside.map { Float($0 ? 1 : 0) }
    let weights = VoxelNoise(noise, on: grid)?.weights(atMost: 1).map { $0 * $0 } ?? ones
    // The mean of the field comes from nowhere in particular: no dipoles can make it.
    let mean = Float(total.dot(weights) / weights.dot(ones))
    let centred = total.combined(with: inside.map { $0 ? mean : 0 }) { $0 - $1 }
    var right = centred
    right.update(weights) { $0 * $1 }
    transform.filter(&right, workspace: &workspace, by: kernel)
    right.keepOnly(outside)
    let result = FieldConjugateGradients.solve(
      right, tolerance: tolerance, maximumIterations: maximumIterations
    ) { sources in
      transform.filter(&sources, workspace: &workspace, by: kernel)
      sources.update(weights) { $0 * $1 }
      transform.filter(&sources, workspace: &workspace, by: kernel)
      sources.keepOnly(outside)
    }
    var background = result.solution
    transform.filter(&background, workspace: &workspace, by: kernel)
    let local = centred.combined(with: background) { $0 - $1 }
    return LocalField(
      field: grid.store(local), mask: grid.store(inside), iterations: result.iterations,
      change: result.residual, warnings: grid.slabWarnings)
  }
}
