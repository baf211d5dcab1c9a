import MRIData
import NDArrays

/// Rapid two-step inversion: division where the kernel is large, total variation where it is small.
///
/// ```
/// chi1^ = f^ / D where |D| > threshold, zero elsewhere; chi1 is then masked
/// min  mu/2 |M (chi^ - chi1^)|^2 + |G chi|_1               M: |D| > threshold
/// ```
///
/// with `f` and `chi` in ppm and `G` the forward differences per millimetre. Frequencies that the field knows well are
/// kept; the others follow from sparse edges.
///
/// - SeeAlso: C. Kames, V. Wiggermann, A. Rauscher, "Rapid two-step dipole inversion for susceptibility mapping with
///   sparsity priors", NeuroImage 167:276, 2018, doi:10.1016/j.neuroimage.2017.11.018, where the first step is a few
///   iterations of least squares.
public struct RTS: DipoleInversion {
  /// The magnitude of the kernel above which frequencies are kept.
  public var threshold: Double
  /// The weight of kept frequencies against the gradient, mu [1/(ppm mm)].
  public var fidelity: Double
  /// The weight of the agreement of gradient and split gradient, rho.
  public var penalty: Double
  /// The change relative to the map that ends the iterations.
  public var tolerance: Double
  /// The largest number of iterations.
  public var maximumIterations: Int
  /// What is computed on.
  public var region: WorkingRegion

  /// Creates the method.
  ///
  /// - Precondition: Threshold and weights are positive, and there is at least one iteration.
  public init(
    threshold: Double = 0.15, fidelity: Double = 1e5, penalty: Double = 10, tolerance: Double = 1e-2,
    maximumIterations: Int = 20, region: WorkingRegion = .object(margin: 0.1)
  ) {
    precondition(
      threshold > 0 && fidelity > 0 && penalty > 0,
      "a threshold of \(threshold) and weights of \(fidelity) and \(penalty)")
    precondition(maximumIterations > 0, "\(maximumIterations) iterations")
    self.threshold = threshold
    self.fidelity = fidelity
    self.penalty = penalty
    self.tolerance = tolerance
    self.maximumIterations = maximumIterations
    self.region = region
  }

  /// Computes a susceptibility map.
  public func callAsFunction(_ measurement: FieldMeasurement) throws(QSMError) -> SusceptibilityMap {
    let problem = try InversionProblem(measurement, region: region)
    let dipole = DipoleKernel(problem.grid).factors
    let (smallest, mu, rho) = (Float(threshold), Float(fidelity), Float(penalty))
    var directions = AlternatingDirections(
      problem.grid, penalty: rho,
      curvature: dipole.map { abs($0) > smallest ? mu : 0 }, threshold: 1 / penalty)
    var wellKnown = problem.field
    directions.filter(&wellKnown, by: dipole.map { abs($0) > smallest ? 1 / $0 : 0 })
    wellKnown.keepOnly(problem.grid.mask)
    directions.filter(
      &wellKnown,
      by: directions.inverse.combined(with: dipole) { abs($1) > smallest ? mu * $0 : 0 })
    let result = directions.solve(
      from: wellKnown, tolerance: tolerance, maximumIterations: maximumIterations)
    return problem.map(result.solution, iterations: result.iterations, change: result.change)
  }
}
