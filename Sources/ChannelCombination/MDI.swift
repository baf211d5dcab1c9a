import MRIData
import NDArrays
import Numerics

/// Multi-Dimensional Integration: combined echoes, field and R2* straight from all channels and echoes.
///
/// ```
/// S_ck = C_c exp(-R2* TE_k + i 2 pi f TE_k)      channel c, echo k; C_c complex, whatever its phase
/// G[k, l] = sum_c S_ck conj(S_cl)                the channels' phases cancel
/// ```
///
/// No coil sensitivities, no calibration, no phase offsets to estimate. The channels pass by once, one per
/// thread, and only `G` is kept: memory does not grow with their number.
///
///     let maps = try MDI()(images)
///     maps.field          // [Hz], wrapped
///
/// The published estimator, ``Estimator/echoRatio``, compares neighbouring echoes. The default,
/// ``Estimator/gramEigenvector``, takes the dominant eigenvector of `G` as the combined echoes and fits the
/// model to them. With independent noise of equal variance in all channels it reaches the Cramer-Rao bound,
/// where the field of the ratio is 1.3 to 2 times as noisy over eight echoes. Channels should be whitened.
///
/// Echoes of alternating readout polarity differ by a phase that no channel can tell from a field;
/// ``OddEvenPhase`` is estimated from three or more echoes and taken out.
///
/// Zeros give a zero field and rate; NaN stays in its voxel. Finite samples of any size give finite results: they
/// are brought to a common size inside, where a voxel counts as empty `1e-10` below the first channel's largest
/// sample, and channels may differ in size by `1e9`.
///
/// - SeeAlso: Y. Ye et al., Proc. ISMRM 27:4392, 2019, for the echo ratio. The eigenvector is the rank-one
///   approximation of D. O. Walsh et al., doi:10.1002/(SICI)1522-2594(200005)43:5<682::AID-MRM10>3.0.CO;2-G,
///   over the echoes of a voxel instead of the channels of a neighbourhood.
public struct MDI: CoilCombination {
  /// How the decay is estimated from the echoes' products.
  public enum Estimator: String, Sendable, CaseIterable {
    /// The least-squares ratio of neighbouring echoes, as published; for equally spaced echoes.
    case echoRatio
    /// The maximum-likelihood decay of the dominant eigenvector; for any spacing.
    case gramEigenvector
  }

  /// How the decay is estimated.
  public var estimator: Estimator

  /// Creates the combination.
  public init(estimator: Estimator = .gramEigenvector) {
    self.estimator = estimator
  }

  /// Why the echoes of a scan do not allow the method; `nil` if they do.
  public func obstacle(to parameters: ScanParameters) -> CoilCombinationError? {
    do {
      _ = try requirements(parameters)
      return nil
    } catch {
      return error
    }
  }

  private func requirements(
    _ parameters: ScanParameters
  ) throws(CoilCombinationError) -> (times: EchoTimes, middleEcho: Int?) {
    let times = try EchoTimes(parameters)
    if estimator == .echoRatio, !times.isUniform { throw .unequalEchoSpacing(parameters.echoTimes) }
    return (times, try OddEvenPhase.middleEcho(parameters))
  }

  /// The combined echoes and maps.
  ///
  /// - Throws: ``CoilCombinationError`` if the echo times or polarities do not allow a field map, and what
  ///   computing a channel throws.
  public func callAsFunction(_ images: ChannelImages) throws -> Output {
    let (times, middleEcho) = try requirements(images.parameters)
    let gram = try EchoGramMatrix(images)
    var combined = DominantEchoes(gram, shape: images.shape)
    let stated = images.noise.scaled(by: gram.scale.factor)
    let beside =
      stated.standardDeviation == nil ? NoiseLevel(residual: combined, channels: images.channels) : stated
    let sigma = beside.standardDeviation ?? 0
    let noiseFloor = 2 * sigma * sigma * Float(images.channels)
    combined.remove(noise: noiseFloor, gram)
    let oddEven = middleEcho.map { OddEvenPhase(combined.echoes, images.parameters, middle: $0) }
    let ratio = EchoRatio(times: times, noiseFloor: noiseFloor)
    let maps = DecayMaps(
      &combined.echoes, gram, times, ratio: estimator == .echoRatio ? ratio : nil, oddEven: oddEven)

    let level = noise(stated, beside: beside, combined, maps, times, gram)
    let channels = stated == .shared ? 1 : images.channels
    let noise = level.noise.scaled(by: gram.scale.inverse)
    let fieldNoise = level.noise.standardDeviation.map { sigma in
      let deviation = FieldNoise(times: times, estimator: estimator, channels: channels, sigma: sigma)
      let pairs = zip(maps.amplitude.elements, maps.relaxation.elements)
      return NDArray(
        pairs.map { deviation(amplitude: $0, relaxation: $1) }, shape: images.geometry.matrix.shape)
    }

    return Output(
      echoes: ImageVolumes(combined.echoes, geometry: images.geometry),
      field: ImageVolumes(maps.field, geometry: images.geometry),
      fieldNoise: fieldNoise.map { ImageVolumes($0, geometry: images.geometry) },
      r2Star: ImageVolumes(maps.relaxation, geometry: images.geometry),
      fieldPeriod: times.period, noise: noise, oddEvenPhase: oddEven, parameters: images.parameters,
      assumptions: images.assumptions
        + assumptions(noise, by: level.estimate, floor: beside.scaled(by: gram.scale.inverse), oddEven))
  }

  /// The noise of the combined echoes in the scale of their products, and what told it; `nil` if the images did.
  private func noise(
    _ stated: NoiseLevel, beside: NoiseLevel, _ combined: DominantEchoes, _ maps: DecayMaps,
    _ times: EchoTimes,
    _ gram: EchoGramMatrix
  ) -> (noise: NoiseLevel, estimate: String?) {
    if stated.standardDeviation != nil { return (stated, nil) }
    if stated == .unknown, beside != .unknown { return (beside, "what channels do not share") }
    let misfit = NoiseLevel(misfitOf: maps, echoes: times.count)
    if misfit != .unknown { return (misfit, "the misfit of the exponential model") }
    // The echoes have left the scale of their products.
    let scatter = NoiseLevel(scatterOf: combined.echoes.part(at: 0), combined.echoes.part(at: 1))
    return (scatter.scaled(by: gram.scale.factor), "the scatter of the phase between neighbours")
  }

  private func assumptions(
    _ noise: NoiseLevel, by estimate: String?, floor: NoiseLevel, _ oddEven: OddEvenPhase?
  ) -> [String] {
    func rounded(_ value: Double) -> Double { (value * 1e5).rounded() / 1e5 }
    var result: [String] = []
    if let estimate, let deviation = noise.standardDeviation {
      // Copies of one image differ by rounding alone.
      let taken = floor.standardDeviation.flatMap { $0 > 0.01 * deviation ? $0 : nil }
      let remark =
        taken.map {
          $0 == deviation ? "was taken off by it" : "was taken off by what channels do not share, \($0)"
        }
        ?? "stays in the magnitude"
      result.append(
        "The images' noise level was not known; \(estimate) gave \(deviation), and the noise floor \(remark)."
      )
    }
    if let oddEven {
      result.append(
        "Reversed readouts differed from forward ones by \(rounded(oddEven.offset)) rad at the centre and "
          + "\(rounded(oddEven.slope.x)) rad per voxel along the readout, which was taken out.")
    }
    return result
  }

  /// The echo Gram matrix, `echoes (echoes + 1) / 2` numbers per voxel, and four maps.
  public func needs(for size: ScanSize) -> MethodNeeds {
    let echoes = Double(size.echoes)
    return MethodNeeds(memory: size.channelBytes * ((echoes + 1) / 2 + 2 / echoes))
  }
}
