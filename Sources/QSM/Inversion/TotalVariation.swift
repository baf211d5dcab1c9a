import MRIData
import NDArrays

/// Susceptibility with sparse edges: dipole inversion with an L1 penalty on the gradient, by alternating directions.
///
/// ```
/// min 1/2 |W (D chi - f)|^2 + lambda |E G chi|_1 + alpha/2 |chi|^2,   alpha = (sigma_f / sigma_chi)^2
/// ```
///
/// with `f` and `chi` in ppm, `G` the forward differences per millimetre along the three axes, `W` the weights of the
/// data and `E` those of edges. The last term is what is known before seeing the field: susceptibility has a deviation
/// `sigma_chi`, and the field an error of deviation `sigma_f`. It keeps a noisy field from being blown up where the
/// kernel is small, and hardly matters where the field is good; but it also makes strong sources weaker. Where the noise
/// of each voxel is known and weighs the data, `W` holds noise down, and `alpha` is zero. One iteration, with `u` the
/// scaled dual variable:
///
/// ```
/// chi <- (D^2 + alpha + rho G^T G)^-1 (D f + rho G^T (z - u))      in k-space
/// z   <- shrink(G chi + u, E lambda / rho)
/// u   <- u + G chi - z
/// ```
///
/// Where voxels have weights, or the fidelity is not quadratic, the field is split too: see ``DataFidelity``.
///
/// - SeeAlso: B. Bilgic et al., "Fast quantitative susceptibility mapping with L1-regularization and automatic
///   parameter selection", Magn Reson Med 72:1444, 2014, doi:10.1002/mrm.25029.
public struct TotalVariation: DipoleInversion {
  /// The weight of the gradient, lambda [ppm mm].
  public var regularization = 1e-4
  /// The deviation of susceptibility that is expected before seeing the field, sigma_chi [ppm]; none for alpha = 0.
  ///
  /// Used where the noise of voxels is unknown, or does not weigh the data. Grey and white matter lie some 0.02 ppm to either side of their mean.
  public var expectedDeviation: Double? = 0.02
  /// How edges are found in a magnitude, if there is one; `nil` for none.
  public var edges: EdgeWeights? = EdgeWeights()
  /// Whether voxels are weighted with their noise, if it is known.
  public var weighsData = true
  /// How the distance from the measured field is counted.
  public var fidelity = DataFidelity.quadratic
  /// How often voxels that the susceptibility does not explain are trusted less, and the map is made again.
  ///
  /// The weight of a voxel whose residual `r` exceeds six times the typical one, `s`, is divided by `(r / (6 s))^2`.
  ///
  /// - SeeAlso: T. Liu et al., "Nonlinear formulation of the magnetic field to source relationship for robust
  ///   quantitative susceptibility mapping", Magn Reson Med 69:467, 2013, doi:10.1002/mrm.24272.
  public var reweightings = 0
  /// The weight of the agreement of gradient and split gradient, rho; it changes the way, not the aim.
  public var penalty = 2e-2
  /// The change relative to the map that ends the iterations.
  public var tolerance = 1e-3
  /// The largest number of iterations.
  public var maximumIterations = 250
  /// What is computed on.
  public var region = WorkingRegion.mask(margin: 0.04)

  /// Creates the method with its defaults.
  public init() {}

  /// Creates the method as published: without expectation, weights and edges.
  ///
  /// - Precondition: The weights are positive.
  public init(regularization: Double, penalty: Double = 2e-2, region: WorkingRegion = .mask(margin: 0.04)) {
    precondition(
      regularization > 0 && penalty > 0, "weights of \(regularization) and \(penalty)")
    self.regularization = regularization
    self.penalty = penalty
    self.region = region
    (expectedDeviation, edges, weighsData) = (nil, nil, false)
  }

  /// Computes a susceptibility map.
  public func callAsFunction(_ measurement: FieldMeasurement) throws(QSMError) -> SusceptibilityMap {
    precondition(maximumIterations > 0 && penalty > 0, "\(maximumIterations) iterations, rho \(penalty)")
    let problem = try InversionProblem(measurement, region: region)
    let noise = weighsData ? measurement.fieldNoise.map { problem.deviations($0) } : nil
    var alpha: Float = 0
    if noise == nil, let expectedDeviation {
      let ratio = FieldDeviation.estimate(problem.field, mask: problem.grid.mask) / expectedDeviation
      alpha = Float(ratio * ratio)
    }
    let weights = measurement.magnitude.flatMap { magnitude in
      edges?.factors(of: problem.grid.load(magnitude), on: problem.grid)
    }
    let dipole = DipoleKernel(problem.grid).factors
    var directions = AlternatingDirections(
      problem.grid, penalty: Float(penalty), curvature: dipole.map { $0 * $0 + alpha },
      threshold: regularization / penalty, weights: weights)
    if noise == nil && fidelity == .quadratic && reweightings == 0 {
      var fromField = problem.field
      directions.filter(&fromField, by: directions.inverse.combined(with: dipole) { $0 * $1 })
      let result = directions.solve(
        from: fromField, tolerance: tolerance, maximumIterations: maximumIterations)
      return problem.map(result.solution, iterations: result.iterations, change: result.change)
    }
    var fieldStep = FieldStep(
      field: problem.field, weights: noise?.weights ?? problem.uniformWeights, fidelity: fidelity,
      phasePerSecond: Float(2 * .pi * problem.hertzPerPPM))
    var iterations = 0, rounds = 0
    while true {
      let result = directions.solve(
        fitting: &fieldStep, dipole: dipole, penalty: Float(penalty), tolerance: tolerance,
        maximumIterations: maximumIterations)
      iterations += result.iterations
      guard rounds < reweightings else {
        return problem.map(result.solution, iterations: iterations, change: result.change)
      }
      fieldStep.reweight(by: result.field, mask: problem.grid.mask)
      rounds += 1
    }
  }
}
