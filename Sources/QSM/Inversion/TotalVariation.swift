import MRIData
import NDArrays
import Numerics

/// Susceptibility with sparse edges: dipole inversion with an L1 penalty on the gradient, by alternating directions.
///
/// ```
/// min 1/2 |W (D chi - f)|^2 + lambda |E G chi|_1,      lambda = c sigma_f h
/// ```
///
/// with `f` and `chi` in ppm, `G` the forward differences per millimetre along the three axes, `W` the weights of the
/// data and `E` those of edges. The penalty follows the noise: `sigma_f` is the deviation of the field [ppm] and `h` the
/// side of a cube of a voxel's volume [mm], so that neither the unit of length nor the voxel size changes what counts as
/// an edge. The problem is the same whether the noise of voxels is known or not: where it is, `W` is a typical deviation
/// over that of the voxel, else 1. Outside the mask the field is unknown; a small weight there keeps sources that the
/// field does not ask for from growing. One iteration, with `u` the scaled dual variable:
///
/// ```
/// chi <- (D^2 + rho G^T G)^-1 (D f + rho G^T (z - u))      in k-space
/// z   <- shrink(G chi + u, E lambda / rho)
/// u   <- u + G chi - z
/// ```
///
/// and the field is split as well, see ``DataFidelity``. Four things follow that a single map does not do:
///
/// 1. What the map leaves unexplained says how well the field is known, models and all. Where that is worse than
///    `sigma_f`, the map is made again with it (the discrepancy principle).
/// 2. A penalty takes from amplitudes. The map is made again with edges that cost less the stronger they are, which gives
///    large sources their amplitude and leaves noise where it is:
///
///    ```
///    E <- E / (1 + (|G chi| h / (3 sigma_f))^2)
///    ```
///
/// 3. A sparse map has no texture. What is left of the field, `r`, is noise, errors and texture; texture is given back
///    with the deviation that the excess over the noise leaves for it, where the kernel can tell it:
///
///    ```
///    chi <- chi + D r / (D^2 + alpha),   alpha = <D^2> / (1 - sigma_f^2 / <r^2>)
///    ```
///
/// 4. A sparse map still takes some noise for sources, and errors of a real field, which are largest where it is smooth, for
///    more. What the field itself tells of both, on the dipole's cone, is used in the end, see ``blendsLinear``.
///
/// - SeeAlso: B. Bilgic et al., "Fast quantitative susceptibility mapping with L1-regularization and automatic
///   parameter selection", Magn Reson Med 72:1444, 2014, doi:10.1002/mrm.25029; E. J. Candes, M. B. Wakin,
///   S. P. Boyd, "Enhancing sparsity by reweighted l1 minimization", J Fourier Anal Appl 14:877, 2008,
///   doi:10.1007/s00041-008-9045-x.
public struct TotalVariation: DipoleInversion {
  /// The weight of the gradient, lambda [ppm mm]; it follows the noise where absent.
  public var regularization: Double?
  /// The weight of the gradient over the field's deviation times a voxel's side, c, where ``regularization`` is absent.
  ///
  /// Chosen on numerical heads of three voxel sizes and three noise levels, whose errors are within a few per cent of
  /// their least from half to twice of it, and such that a ball of 10 mm and 0.1 ppm keeps 95 % of its amplitude at a
  /// noise of 8 ppb.
  public var noiseFactor = 0.2
  /// How often the map is made again with edges that cost less the stronger they are.
  public var refinements = 1
  /// Whether texture is added that the sparse map leaves out.
  public var addsTexture = true
  /// Whether weak sources are those of the mean of the map and of the best linear one.
  ///
  /// The linear map is `D S / (D^2 S + N) f^`, with the spectra `S` of susceptibility and `N` of noise and errors, which the
  /// field tells (`<|f^|^2> = S D^2 + N` in each shell of k-space). The sparse map's weight is the share of
  /// susceptibility's power that the linear one has, half of that in details finer than a voxel's side, and 1 in
  /// strong sources: where the local root mean square exceeds 2.5 times that of the map. These two numbers were chosen on
  /// numerical heads with white noise, and with anisotropic white matter, shifts of microstructure, smooth and
  /// coloured errors and finer texture than this method expects; errors are within a few per cent of their least from
  /// 2 to 3, and from a quarter to all.
  public var blendsLinear = true
  /// The weight of the field outside the mask, which is taken to be zero there.
  public var outsideWeight = 0.3
  /// The deviation of susceptibility that is expected before seeing the field, sigma_chi [ppm], which adds
  /// `(sigma_f / sigma_chi)^2 |chi|^2 / 2` to the cost; none where absent.
  ///
  /// It lowers errors in noisy fields and makes all sources weaker, strong ones as much as noise.
  public var expectedDeviation: Double?
  /// How edges are found in a magnitude, if there is one; `nil` for none.
  public var edges: EdgeWeights?
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
  /// The weight of the agreement of gradient and split gradient, rho [mm^2]; it changes the way, not the aim.
  ///
  /// Where absent it is a twentieth of a voxel's squared side.
  public var penalty: Double?
  /// The change relative to the map that ends the iterations.
  public var tolerance = 1e-3
  /// The largest number of iterations of one map.
  public var maximumIterations = 250
  /// What is computed on.
  public var region = WorkingRegion.surroundings

  /// Creates the method with its defaults.
  public init() {}

  /// Creates the method as published: with a weight that was chosen beforehand, without weights, refinements, texture and blending.
  ///
  /// - Precondition: The weights are positive.
  public init(regularization: Double, penalty: Double = 2e-2, region: WorkingRegion = .surroundings) {
    precondition(
      regularization > 0 && penalty > 0, "weights of \(regularization) and \(penalty)")
    self.regularization = regularization
    self.penalty = penalty
    self.region = region
    (refinements, addsTexture, blendsLinear, outsideWeight, weighsData) = (0, false, false, 1, false)
  }

  /// Computes a susceptibility map.
  public func callAsFunction(_ measurement: FieldMeasurement) throws(QSMError) -> SusceptibilityMap {
    precondition(
      maximumIterations > 0 && refinements >= 0 && reweightings >= 0,
      "\(maximumIterations) iterations, \(refinements) refinements, \(reweightings) reweightings")
    precondition(
      noiseFactor > 0 && outsideWeight >= 0 && (penalty ?? 1) > 0 && (regularization ?? 1) > 0,
      "c \(noiseFactor), lambda \(regularization ?? 0), rho \(penalty ?? 0), a weight of \(outsideWeight) outside"
    )
    let problem = try InversionProblem(measurement, region: region)
    let noise = FieldUncertainty(problem, noise: weighsData ? measurement.fieldNoise : nil)
    let size = problem.grid.voxelSize, side = Double.pow(size.x * size.y * size.z, 1.0 / 3)
    let rho = penalty ?? side * side / 20
    let alpha = expectedDeviation.map { Float(noise.deviation / $0 * noise.deviation / $0) } ?? 0
    let dipole = DipoleKernel(problem.grid).factors
    let edgeWeights = measurement.magnitude.flatMap { magnitude in
      edges?.factors(of: problem.grid.load(magnitude), on: problem.grid)
    }
    let lambda = regularization ?? noiseFactor * noise.deviation * side
    var directions = AlternatingDirections(
      problem.grid, penalty: Float(rho), curvature: dipole.map { $0 * $0 + alpha }, threshold: lambda / rho,
      weights: edgeWeights)
    var result: SusceptibilityMap
    let isPlain =
      reweightings + refinements == 0 && !addsTexture && !blendsLinear && regularization != nil
    if noise.weights == nil && outsideWeight == 1 && fidelity == .quadratic && isPlain {
      var fromField = problem.field
      directions.filter(&fromField, by: directions.inverse.combined(with: dipole) { $0 * $1 })
      let found = directions.solve(
        from: fromField, tolerance: tolerance, maximumIterations: maximumIterations)
      var model = found.solution
      directions.filter(&model, by: dipole)
      result = problem.map(found.solution, iterations: found.iterations, change: found.change)
      (result.regularization, result.shrinkage) = (lambda, problem.shrinkage(of: model, weights: nil))
    } else {
      result = split(
        problem, noise, &directions, dipole: dipole, penalty: rho, side: side, edgeWeights: edgeWeights)
    }
    result.fieldDeviation = noise.deviation
    result.isFieldDeviationEstimated = noise.isEstimated
    return result
  }

  /// The map where the field is split, as weights, turns and what follows from residuals need it.
  private func split(
    _ problem: InversionProblem, _ noise: FieldUncertainty, _ directions: inout AlternatingDirections,
    dipole: NDArray<Float>, penalty: Double, side: Double, edgeWeights: NDArray<Float>?
  ) -> SusceptibilityMap {
    var fieldStep = FieldStep(
      field: problem.field, weights: problem.weights(noise.weights, outside: Float(outsideWeight)),
      fidelity: fidelity, phasePerSecond: Float(2 * .pi * problem.hertzPerPPM))
    var state = AlternatingDirections.State(field: problem.field)
    var model = state.solution
    func solve(tolerance: Double) {
      directions.solve(
        &state, fitting: &fieldStep, dipole: dipole, penalty: Float(penalty), tolerance: tolerance,
        maximumIterations: maximumIterations)
      model = state.solution
      directions.filter(&model, by: dipole)
    }
    // Maps that are made again need not be finished.
    let isLast = reweightings + refinements == 0 && regularization != nil
    solve(tolerance: isLast ? tolerance : 2 * tolerance)
    for _ in 0..<reweightings {
      fieldStep.reweight(by: model, mask: problem.grid.mask)
      solve(tolerance: 2 * tolerance)
    }
    func level() -> Double {
      max(noise.deviation, fieldStep.restDeviation(from: model, mask: problem.grid.mask))
    }
    var deviation = level(), lambda = regularization ?? noiseFactor * noise.deviation * side
    if regularization == nil, deviation > 1.05 * noise.deviation {
      lambda = noiseFactor * deviation * side
      directions.setThreshold(lambda / penalty, weights: edgeWeights)
      solve(tolerance: refinements == 0 ? tolerance : 2 * tolerance)
    }
    for round in 0..<refinements {
      let scale = Float(side / (3 * deviation))
      directions.setThreshold(
        lambda / penalty,
        weights: EdgeWeights.adapted(to: state.solution, scale: scale, times: edgeWeights, on: problem.grid))
      solve(tolerance: round == refinements - 1 ? tolerance : 2 * tolerance)
    }
    deviation = level()
    if addsTexture, deviation > 1.02 * noise.deviation {
      var rest = fieldStep.trustedRest(from: model, mask: problem.grid.mask)
      let ratio = noise.deviation / deviation
      let alpha = Float(4.0 / 45 / (1 - ratio * ratio))
      directions.filter(&rest, by: dipole.map { $0 / ($0 * $0 + alpha) })
      state.solution.update(rest) { $0 + $1 }
      model = state.solution
      directions.filter(&model, by: dipole)
    }
    var share: Double?
    if blendsLinear {
      let rest = fieldStep.trustedRest(from: model, mask: problem.grid.mask)
      let blend = LinearBlend(&state.solution, of: model, trusting: rest, dipole: dipole, on: problem.grid) {
        directions.filter(&$0, by: $1)
      }
      share = blend.spectra.share
      model = state.solution
      directions.filter(&model, by: dipole)
    }
    var result = problem.map(state.solution, iterations: state.iterations, change: state.change)
    (result.regularization, result.residualDeviation, result.share) = (lambda, deviation, share)
    result.shrinkage = problem.shrinkage(of: model, weights: fieldStep.weights)
    return result
  }
}
