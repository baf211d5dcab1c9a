import CConvolution
import MRIData
import NDArrays
import Numerics

/// A cascaded three-dimensional network with data consistency, one receive channel at a time.
///
/// ```
/// x_0 = F^H s0 / q                                        q: the 0.99 quantile of |F^H s0|
/// x_n = DC(x_(n-1) + C_n(x_(n-1)))                        C_n: five 3x3x3 convolutions
/// image = q x_5
/// ```
///
/// Every (channel, echo) volume is normalised by its own `q`, which is undone afterwards, so that a scaled input gives
/// the scaled output. A turn of the input's phase turns the output as far as training has taught the network. Channels
/// never see each other; they are computed when they are asked for.
///
///     let network = try ReconNet3D(weights: .bundled)
///     let maps = try Pipeline(network, then: MDI())(scan.undersampled(by: mask))
///
/// Echoes that were fully sampled are transformed and no more. Calibration lines that were measured within the scan
/// count as samples of the first echo.
///
/// - SeeAlso: J. Schlemper et al., doi:10.1109/TMI.2017.2760978, for the architecture.
public struct ReconNet3D: Reconstruction {
  /// The weights.
  public let weights: ReconNetWeights
  /// The memory that the network may take while it runs [bytes]; the result does not depend on it.
  public var memoryLimit: Int

  let blocks: [PackedBlock<DataConsistency>]

  /// The memory that a network takes unless told otherwise [bytes].
  public static let defaultMemoryLimit = 750_000_000

  /// Reads weights and makes them ready.
  ///
  /// - Parameters:
  ///   - weights: Where the weights come from.
  ///   - memoryLimit: The memory that the network may take while it runs [bytes].
  /// - Throws: ``ReconNetError`` where there are none, or where they cannot be used; it names the tensor.
  public init(weights: WeightSource, memoryLimit: Int = defaultMemoryLimit) throws(ReconNetError) {
    self.init(
      try ReconNetWeights(contentsOf: weights.path(of: ReconNetWeights.self)), memoryLimit: memoryLimit)
  }

  /// Makes weights ready.
  public init(_ weights: ReconNetWeights, memoryLimit: Int = defaultMemoryLimit) {
    self.init(weights, memoryLimit: memoryLimit, path: convolution_best_path())
  }

  init(_ weights: ReconNetWeights, memoryLimit: Int = defaultMemoryLimit, path: convolution_path) {
    self.weights = weights
    self.memoryLimit = memoryLimit
    blocks = weights.packed(for: path)
  }

  /// The images of every channel on the encoded grid, computed channel by channel.
  ///
  /// - Throws: ``ReconNetError/tooLarge(neededBytes:allowedBytes:)`` where even a few slices at a time need more
  ///   memory than allowed; a channel throws ``ReconNetError/notFinite(echo:channel:)``.
  public func callAsFunction(_ scan: KSpace) throws(ReconNetError) -> ChannelImages {
    let scan = scan.withEmbeddedCalibration
    let cascade = Cascade(blocks, matrix: scan.geometry.matrix, step: try step(for: scan.geometry.matrix))
    return ChannelImages(
      channels: scan.channels, parameters: scan.parameters, geometry: scan.geometry,
      // What a network makes of noise is neither white nor known.
      noise: scan.isFullySampled ? scan.noise : .unknown, assumptions: scan.assumptions + assumptions(scan)
    ) { channel in
      var images = NDArray<Complex<Float>>(
        repeating: .zero, shape: [scan.echoes] + scan.geometry.matrix.shape)
      for echo in 0..<scan.echoes {
        guard let image = cascade.image(of: scan.volume(echo: echo, channel: channel), mask: scan.masks[echo])
        else { throw ReconNetError.notFinite(echo: echo, channel: channel) }
        images.setPart(at: echo, to: image)
      }
      return images
    }
  }

  /// The memory that the network takes while it runs on a volume, beside the scan and the images of a channel [bytes].
  ///
  /// - Throws: ``ReconNetError/tooLarge(neededBytes:allowedBytes:)`` if that is more than ``memoryLimit``.
  public func memory(for matrix: Extents) throws(ReconNetError) -> Int {
    Cascade.bytes(blocks, matrix: matrix, step: try step(for: matrix))
  }

  /// Convolutions of the bundled weights [s per voxel, channel and echo].
  static let convolutionCost = 3e-6

  /// The network's windows, and the scan's k-space with its zeros.
  public func needs(for size: ScanSize) -> MethodNeeds {
    guard !size.isFullySampled else { return MethodNeeds() }
    return MethodNeeds(
      memory: size.kSpaceBytes + Double(memoryLimit),
      seconds: Self.convolutionCost * size.voxels * Double(size.echoes) * Double(size.channels))
  }

  private func step(for matrix: Extents) throws(ReconNetError) -> Int {
    try LayerWindows.step(for: matrix, within: memoryLimit) {
      Cascade.bytes(blocks, matrix: matrix, step: $0)
    }
  }

  private func assumptions(_ scan: KSpace) -> [String] {
    guard !scan.isFullySampled else { return [] }
    var result = weights.assumptions
    result.append(
      "ReconNet3D filled in what was not sampled from what it learned, each channel by itself; noise in its images is "
        + "neither white nor independent of the object.")
    if scan.partitions == 1 {
      result.append(
        "The scan has a single partition; ReconNet3D was trained on volumes undersampled along ky and kz.")
    }
    return result + scan.masks.smallCalibrationWarnings(of: Self.self)
  }
}

extension ReconNet3D {
  /// The network, told from others by the fingerprint of its weights.
  public var configuration: MethodConfiguration {
    MethodConfiguration("ReconNet3D", revision: 1).with("blocks", weights.blocks.count)
      .with("layers", weights.layers).with("features", weights.features)
      .with("weights SHA-256", weights.digest)
  }
}
