import MRIData
import NDArrays
import Numerics
import Operators
import ParallelImaging

/// ReconNet3D's cascade on the image of all channels, with their samples as its data consistency.
///
/// ```
/// x_0 = A^H y                                                        A = M F S: mask, transform, sensitivities
/// z_n = x_(n-1) + q C_n(x_(n-1) / q)                                 q: the 0.99 quantile of |x_0|
/// x_n = argmin sum_c |M F s_c x - y_c|^2 + mu_n |x - z_n|^2          by five conjugate-gradient steps from z_n
/// x_5 = argmin 1/2 sum_c |M F s_c x - y_c|^2 + w |Psi (x - z_5)|_1   by FISTA; Psi, w and echoes as in L1WaveletSENSE
/// ```
///
/// The weights `mu_n` follow the noise, see ``ConsistencyWeight``. The last image may differ from what the network
/// expects wherever samples demand it, by few wavelets: a square, as before it, would spread what the network has made
/// too faint (nuclei that differ from their surroundings in phase) over the image. Then every channel sees `s_c x_5` and
/// keeps its acquired samples bit for bit: the network only fills in what was not acquired, and a combination such as ``MDI``
/// weighs measured channels.
///
///     let network = try ReconNetSENSE(weights: .bundled)
///     let maps = try Pipeline(network, then: MDI())(scan.undersampled(by: mask))
///
/// This departs from the published ReconNet3D, which sees one channel at a time and knows no sensitivities: what the
/// channels of an array tell each other is lost there. The blocks see echoes one by one, and each may have a mask
/// of its own; fully sampled ones stay as they are.
///
/// - SeeAlso: H. K. Aggarwal et al., "MoDL: model-based deep learning architecture for inverse problems", IEEE Trans.
///   Med. Imaging 38(2):394-405, 2019, doi:10.1109/TMI.2018.2865356, for consistency with all channels.
public struct ReconNetSENSE: Reconstruction {
  /// The weights.
  public let weights: ReconNetSENSEWeights
  /// Where sensitivities come from.
  public let calibration: SensitivitySource
  /// The virtual channels in which images are solved for, as in ``SENSE``.
  public let channels: CoilCompression.Extent?
  /// How the last block's image is brought to the samples.
  public let lastConsistency: LastConsistency
  /// The memory that the convolutions may take while they run [bytes]; the result does not depend on it.
  public var memoryLimit: Int

  let blocks: [PackedBlock<ConsistencyWeight>]

  /// How the last block's image is brought to the samples.
  public enum LastConsistency: Sendable, Equatable {
    /// As after all other blocks, and as in training.
    case conjugateGradients
    /// By a change of few wavelets, whose magnitudes have a weight in units of the noise as in ``L1WaveletSENSE``.
    case wavelets(weight: Float = 0.3, iterations: Int = 60)
  }

  /// Reads weights and makes them ready.
  ///
  /// - Parameters:
  ///   - weights: Where the weights come from.
  ///   - calibration: Where sensitivities come from; the scan's own calibration data unless given.
  ///   - channels: The virtual channels in which images are solved for, as in ``SENSE``.
  ///   - lastConsistency: How the last block's image is brought to the samples.
  ///   - memoryLimit: The memory that the convolutions may take while they run [bytes].
  /// - Throws: ``ReconNetError`` where there are none, or where they cannot be used; it names the tensor.
  public init(
    weights: WeightSource, calibration: SensitivitySource = .estimated(ESPIRiT()),
    channels: CoilCompression.Extent? = nil, lastConsistency: LastConsistency = .wavelets(),
    memoryLimit: Int = ReconNet3D.defaultMemoryLimit
  ) throws(ReconNetError) {
    self.init(
      try ReconNetSENSEWeights(contentsOf: weights.path(of: ReconNetSENSEWeights.self)),
      calibration: calibration, channels: channels, lastConsistency: lastConsistency, memoryLimit: memoryLimit
    )
  }

  /// Makes weights ready.
  public init(
    _ weights: ReconNetSENSEWeights, calibration: SensitivitySource = .estimated(ESPIRiT()),
    channels: CoilCompression.Extent? = nil, lastConsistency: LastConsistency = .wavelets(),
    memoryLimit: Int = ReconNet3D.defaultMemoryLimit
  ) {
    self.weights = weights
    self.calibration = calibration
    self.channels = channels
    self.lastConsistency = lastConsistency
    self.memoryLimit = memoryLimit
    blocks = weights.packed()
  }

  /// The images of every channel on the encoded grid.
  ///
  /// - Throws: As for the acquired lines alone.
  public func callAsFunction(_ scan: KSpace) throws -> ChannelImages { try self(CompactKSpace(scan)) }

  /// The images of every channel on the encoded grid.
  ///
  /// - Throws: ``ParallelImagingError`` where sensitivities cannot be estimated; ``ReconNetError`` where the convolutions
  ///   need more memory than allowed.
  public func callAsFunction(_ scan: CompactKSpace) throws -> ChannelImages {
    guard !scan.isFullySampled else { return ZeroFilled()(scan) }
    return try solution(for: scan).channelImages(of: scan)
      .keeping(scan.withEmbeddedCalibration, assuming: weights.assumptions + assumptions(scan))
  }

  /// The image of every echo before the channels take their acquired samples back, and what it leaves unexplained.
  ///
  /// - Throws: ``ParallelImagingError`` where sensitivities cannot be estimated; ``ReconNetError`` where the convolutions
  ///   need more memory than allowed.
  public func solution(for scan: CompactKSpace) throws -> SENSESolution {
    let problem = try SENSEProblem(scan, calibration), matrix = problem.scan.geometry.matrix
    let step = try LayerWindows.step(for: matrix, within: memoryLimit) {
      CascadeConvolutions.bytes(blocks, matrix: matrix, step: $0)
    }
    let cascade = SENSECascade(
      CascadeConvolutions(blocks, matrix: matrix, step: step), matrix: matrix, endingWith: lastConsistency)
    let together = lastConsistency == .conjugateGradients ? 1 : L1WaveletSENSE.echoesTogether
    return problem.solution(keeping: channels, together: together) { samples in
      // The deviation of the real part alone.
      let noise = (PowerSpectrum(samples, of: problem.scan).noiseVariance / 2).squareRoot()
      return { echoes in cascade.solved(echoes, noise: noise) }
    }
  }

  /// As for ``L1WaveletSENSE``, which ends it, with the image before it and its prior; and the network's windows.
  public func needs(for size: ScanSize) -> MethodNeeds {
    guard !size.isFullySampled else { return MethodNeeds() }
    // Five blocks, five steps of conjugate gradients between them, and wavelets at the end.
    let consistency = 20 * SENSEProblem.iterationCost + 60 * L1WaveletSENSE.iterationCost
    let perVoxel = ReconNet3D.convolutionCost + consistency * size.usualVirtualChannels
    return SENSEProblem.needs(for: size)
      + MethodNeeds(
        memory: L1WaveletSENSE.jointMemory(for: size, volumes: 8) + Double(memoryLimit),
        seconds: size.voxels * Double(size.echoes) * perVoxel)
  }

  private func assumptions(_ scan: CompactKSpace) -> [String] {
    [
      "ReconNetSENSE filled in what was not sampled from what it learned and from the samples of all channels; noise in "
        + "its images is neither white nor independent of the object."
    ] + scan.withEmbeddedCalibration.masks.smallCalibrationWarnings(of: Self.self)
  }
}

extension ReconNetSENSE {
  /// The network, told from others by the fingerprint of its weights.
  public var configuration: MethodConfiguration {
    MethodConfiguration("ReconNetSENSE", revision: 2).with("blocks", weights.blocks.count)
      .with("layers", weights.layers).with("features", weights.features)
      .with("weights SHA-256", weights.digest).with("sensitivities", calibration.configuration)
      .with("channels", channels.account)
      .with("last weight of wavelets", lastConsistency.weight.map(Double.init))
      .with("last iterations", lastConsistency.iterations)
  }
}

extension ReconNetSENSE.LastConsistency {
  fileprivate var weight: Float? {
    if case .wavelets(let weight, _) = self { weight } else { nil }
  }
  fileprivate var iterations: Int {
    if case .wavelets(_, let iterations) = self { iterations } else { SENSECascade.steps }
  }
}

extension ReconNetSENSE: CalibratedReconstruction {
  /// The same reconstruction with the sensitivities of a scan.
  ///
  /// - Throws: ``ParallelImagingError`` where sensitivities cannot be estimated.
  public func calibrated(by scan: KSpace) throws -> any Reconstruction {
    ReconNetSENSE(
      weights,
      calibration: .sets(try calibration.sensitivities(for: CompactKSpace(scan).withEmbeddedCalibration)),
      channels: channels, lastConsistency: lastConsistency, memoryLimit: memoryLimit)
  }
}
