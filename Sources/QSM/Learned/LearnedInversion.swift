import FourierTransforms
import MRIData
import NDArrays
import VolumeNetworks

/// Susceptibility by a trained network.
///
/// ```
/// chi = net(field)                                    zeros around the volume, up to multiples of the network's
/// chi <- net(chi + step D (field - D chi))            where the network is a part of an iteration
/// chi <- data(chi + net(chi, ...))                    where it is the prior of one; blended with the best linear map
/// ```
///
/// The network is a file in ONNX, and how it is used a small description; see ``NetworkFile``. It knows what it was
/// trained for: where voxels or the direction of the static field are others, the map says so.
///
///     let inversion = LearnedInversion(try NetworkFile("ir2qsm"))
///     let chi = try inversion(FieldMeasurement(field: local, mask: mask, fieldStrength: 3))
///
/// - SeeAlso: J. Yoon et al., "Quantitative susceptibility mapping using deep neural network: QSMnet", NeuroImage
///   179:199, 2018, doi:10.1016/j.neuroimage.2018.06.030; K.-W. Lai et al., "Learned proximal networks for
///   quantitative susceptibility mapping", MICCAI 2020, doi:10.1007/978-3-030-59713-9_13.
public struct LearnedInversion: DipoleInversion {
  /// The network.
  public var file: NetworkFile
  /// What is computed on; published networks take the whole grid.
  public var region: WorkingRegion

  /// Chooses a network.
  ///
  /// - Parameters:
  ///   - file: The network.
  ///   - region: What is computed on; the whole grid unless given, and the mask's surroundings where the network is a prior.
  public init(_ file: NetworkFile, region: WorkingRegion? = nil) {
    self.file = file
    self.region = region ?? (file.description.prior == nil ? .wholeGrid : .surroundings)
  }

  /// The network, told from others by the fingerprint of its file.
  public var configuration: MethodConfiguration {
    let use = file.description
    var result = MethodConfiguration("network", revision: 2).with("name", use.name ?? "unnamed")
      .with("weights SHA-256", file.network.model.digest).with("licence", use.licence ?? "not stated")
      .with("reference", use.reference ?? "not stated").with("input unit", use.inputUnit.rawValue)
      .with("input mean", use.inputMean).with("input deviation", use.inputDeviation)
      .with("output mean", use.outputMean, "ppm").with("output deviation", use.outputDeviation, "ppm")
      .with("multiple", use.multiple, "voxels").with("axes", use.axes.rawValue)
    if let unrolling = use.unrolling {
      result = result.with("iterations", unrolling.iterations).with("step", unrolling.stepSize)
        .with("channels", unrolling.channels)
    }
    if let prior = use.prior {
      result = result.with("iterations", prior.iterations).with("logarithms of weights", prior.logWeights)
        .with("exponents of noise", prior.noiseExponents)
    }
    return result
  }

  /// Computes a susceptibility map.
  public func callAsFunction(_ measurement: FieldMeasurement) throws(QSMError) -> SusceptibilityMap {
    let problem = try InversionProblem(measurement, region: region)
    let use = file.description
    var iterations = 0, solution: NDArray<Float>
    var share: Double?
    if let prior = use.prior {
      let noise = FieldUncertainty(problem, noise: measurement.fieldNoise)
      (solution, share) = try withPrior(prior, problem, noise)
      iterations = prior.iterations
    } else if let unrolling = use.unrolling {
      solution = try unrolled(problem, unrolling, try NetworkVolume(file, matrix: problem.grid.matrix))
      iterations = unrolling.iterations
    } else {
      let volume = try NetworkVolume(file, matrix: problem.grid.matrix)
      let scale = use.inputUnit == .hertz ? Float(problem.hertzPerPPM) : 1
      let (mean, deviation) = (Float(use.inputMean[0]), Float(use.inputDeviation[0]))
      let input = problem.field.map { (scale * $0 - mean) / deviation }
      let result = try volume([input])[0]
      solution = result.map { $0 * Float(use.outputDeviation[0]) + Float(use.outputMean[0]) }
    }
    solution.keepOnly(problem.grid.mask)
    guard solution.withUnsafeBufferPointer({ $0.allSatisfy(\.isFinite) }) else {
      throw .network(
        "\(file.path): the network's susceptibility is not finite. Check the unit of the field, and the file."
      )
    }
    var map = problem.map(solution, iterations: iterations)
    map.share = share
    map.warnings = warnings(problem.grid)
    return map
  }

  /// What the network takes; nothing where it cannot take the grid, which it will say when it is run.
  public func needs(for matrix: Extents) -> MethodNeeds {
    let use = file.description
    let inputs = use.prior == nil ? nil : PriorIteration.channels
    guard let volume = try? NetworkVolume(file, matrix: matrix, inputChannels: inputs) else {
      return MethodNeeds()
    }
    var needs = volume.needs
    needs.seconds *= Double(use.unrolling?.iterations ?? use.prior?.iterations ?? 1)
    return needs
  }

  /// Data steps and a learnt prior in turns; the result is drawn to the best linear map where the field tells little.
  ///
  /// Like sparse edges, a prior that was trained on simulations takes errors of a real field for sources; see `LinearBlend`.
  private func withPrior(
    _ prior: NetworkDescription.Prior, _ problem: InversionProblem, _ noise: FieldUncertainty
  ) throws(QSMError) -> (solution: NDArray<Float>, share: Double) {
    let grid = problem.grid, dipole = DipoleKernel(grid).factors
    let trust = problem.weights(noise.weights?.map { min($0 * $0, 1) }, outside: 0)
    var solution = try PriorIteration(file, prior, problem)(
      dipole: dipole, trust: trust, deviation: noise.deviation)
    let transform = RealFourierTransform(shape: grid.matrix.shape)
    var workspace = transform.makeWorkspace()
    func filter(_ volume: inout NDArray<Float>, by factors: NDArray<Float>) {
      transform.filter(&volume, workspace: &workspace, by: factors)
    }
    var model = solution
    filter(&model, by: dipole)
    var rest = problem.field.combined(with: model) { $0 - $1 }
    rest.update(trust) { $0 * $1 }
    let blend = LinearBlend(&solution, of: model, trusting: rest, dipole: dipole, on: grid) {
      filter(&$0, by: $1)
    }
    return (solution, blend.spectra.share)
  }

  /// Gradient steps, each followed by the network.
  private func unrolled(
    _ problem: InversionProblem, _ unrolling: NetworkDescription.Unrolling, _ volume: NetworkVolume
  ) throws(QSMError) -> NDArray<Float> {
    let use = file.description, channels = unrolling.channels, step = Float(unrolling.stepSize)
    let transform = RealFourierTransform(shape: problem.grid.matrix.shape)
    let factors = DipoleKernel(problem.grid).factors
    var workspace = transform.makeWorkspace()
    func dipole(_ values: NDArray<Float>) -> NDArray<Float> {
      var result = values
      transform.filter(&result, workspace: &workspace, by: factors)
      return result
    }
    var estimate = Array(repeating: problem.field.map { _ in Float(0) }, count: channels)
    for iteration in 0..<unrolling.iterations {
      var residual = problem.field
      if iteration > 0 {
        residual = residual.combined(with: dipole(estimate[0])) { $0 - $1 }
        if channels > 1 { residual = residual.combined(with: estimate[1]) { $0 - $1 } }
      }
      estimate[0] = estimate[0].combined(with: dipole(residual)) { $0 + step * $1 }
      if channels > 1 { estimate[1] = estimate[1].combined(with: residual) { $0 + step * $1 } }
      var inputs: [NDArray<Float>] = []
      for channel in 0..<channels {
        let (mean, deviation) = (Float(use.inputMean[channel]), Float(use.inputDeviation[channel]))
        var input = estimate[channel].map { ($0 - mean) / deviation }
        input.keepOnly(problem.grid.mask)
        inputs.append(input)
      }
      let results = try volume(inputs)
      for channel in 0..<channels {
        let (mean, deviation) = (Float(use.outputMean[channel]), Float(use.outputDeviation[channel]))
        var result = results[channel]
        // As their authors have it: with two channels the mask comes before the mean, with one after it.
        if channels > 1 { result.keepOnly(problem.grid.mask) }
        estimate[channel] = result.map { $0 * deviation + mean }
        if channels == 1 { estimate[channel].keepOnly(problem.grid.mask) }
      }
    }
    return estimate[0]
  }

  /// What the network was not trained for.
  private func warnings(_ grid: WorkingGrid) -> [String] {
    let use = file.description, name = use.name ?? file.path
    var warnings = file.remarks
    func text(_ size: SIMD3<Double>) -> String {
      (0..<3).map { "\((size[$0] * 100).rounded() / 100)" }.joined(separator: " x ")
    }
    if let trained = use.voxelSize,
      (0..<3).contains(where: { abs(grid.voxelSize[$0] / trained[$0] - 1) > 0.1 })
    {
      warnings.append(
        "\(name) was trained on voxels of \(text(trained)) mm, and these have \(text(grid.voxelSize)) mm: its "
          + "susceptibility may be wrong. Resample the images, or compare with another inversion.")
    }
    if let range = use.prior?.voxelSizes,
      !(0..<3).allSatisfy({ (0.99 * range[0]...1.01 * range[1]).contains(grid.voxelSize[$0]) })
    {
      warnings.append(
        "\(name) was trained on voxels with sides of \(range[0]) to \(range[1]) mm, and these have \(text(grid.voxelSize)) mm: "
          + "its susceptibility may be wrong. Resample the images, or compare with another inversion.")
    }
    if let trained = use.fieldDirection {
      let length = (trained * trained).sum().squareRoot()
      let cosine = abs((trained * grid.fieldDirection).sum()) / length
      if cosine < 0.985 {
        warnings.append(
          "\(name) was trained with the static field along (\(text(trained).replacing(" x ", with: ", "))) of the voxel axes; "
            + "here it is another: its susceptibility may be wrong. Compare with another inversion.")
      }
    }
    return warnings
  }
}
