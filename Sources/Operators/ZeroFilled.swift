import FourierTransforms
import MRIData
import NDArrays
import Numerics

/// The reconstruction of every channel by an inverse Fourier transform alone.
///
/// ```
/// x[echo, channel] = F^H k[echo, channel]
/// ```
///
/// It is exact for a fully sampled scan; positions that were not acquired count as zero and alias. One channel is
/// computed when it is asked for, with all its echoes; nothing else is held.
public struct ZeroFilled: Reconstruction {
  /// Creates the reconstruction.
  public init() {}

  /// The images of every channel on the encoded grid.
  public func callAsFunction(_ scan: KSpace) -> ChannelImages {
    ChannelImages(
      channels: scan.channels, parameters: scan.parameters, geometry: scan.geometry,
      noise: scan.noise.ofZeroFilled(scan.masks, readout: scan.readoutRange, of: scan.geometry.matrix.x),
      assumptions: scan.assumptions, transforming: { scan.samples.part(at: $0, ofAxis: 1) })
  }

  /// The images of every channel on the encoded grid.
  public func callAsFunction(_ scan: CompactKSpace) -> ChannelImages {
    ChannelImages(
      of: scan,
      noise: scan.noise.ofZeroFilled(scan.masks, readout: scan.readoutRange, of: scan.readoutLength)
    ) { scan.channel($0) }
  }

  /// Nothing but a channel at a time.
  public func needs(for size: ScanSize) -> MethodNeeds { MethodNeeds() }
}

extension NoiseLevel {
  /// The noise of images whose k-space holds zeros where nothing was sampled, as the mean over their echoes.
  fileprivate func ofZeroFilled(
    _ masks: [SamplingMask], readout: Range<Int>, of length: Int
  ) -> NoiseLevel {
    let shares = masks.map { Float($0.acquiredCount) / Float($0.lines * $0.partitions) }
    let share = shares.reduce(0, +) / Float(shares.count) * Float(readout.count) / Float(length)
    return share < 1 ? scaled(by: share.squareRoot()) : self
  }
}

extension ChannelImages {
  /// The images of channels whose k-space `[echo, kz, ky, kx]` is computed when it is asked for.
  ///
  /// - Parameters:
  ///   - scan: The scan that the channels belong to.
  ///   - noise: What is known of the images' noise; that of the samples of a complete scan, and unknown with gaps, unless given.
  ///   - assumptions: What was assumed beyond what the scan says.
  ///   - preparation: Computes, on all threads, what the k-space of some channels has in common.
  ///   - kSpace: Computes the k-space of one channel; it may be called from several threads at once.
  public init(
    of scan: CompactKSpace, noise: NoiseLevel? = nil, assumptions: [String] = [],
    preparing preparation: (@Sendable (Range<Int>) throws -> Void)? = nil,
    kSpace: @escaping @Sendable (Int) throws -> NDArray<Complex<Float>>
  ) {
    self.init(
      channels: scan.channels, parameters: scan.parameters, geometry: scan.geometry,
      noise: noise ?? (scan.isFullySampled ? scan.noise : .unknown),
      assumptions: scan.assumptions + assumptions, preparing: preparation, transforming: kSpace)
  }

  /// The images of channels whose k-space `[echo, kz, ky, kx]` is computed when it is asked for.
  init(
    channels: Int, parameters: ScanParameters, geometry: Geometry, noise: NoiseLevel, assumptions: [String],
    diagnostics: [Diagnostic] = [], preparing preparation: (@Sendable (Range<Int>) throws -> Void)? = nil,
    transforming kSpace: @escaping @Sendable (Int) throws -> NDArray<Complex<Float>>
  ) {
    let matrix = geometry.matrix
    let transform = FourierTransform(
      shape: matrix.shape,
      planning: .suited(toElements: parameters.echoTimes.count * channels * matrix.count))
    self.init(
      channels: channels, parameters: parameters, geometry: geometry, noise: noise, assumptions: assumptions,
      diagnostics: diagnostics, preparing: preparation, kSpace: kSpace
    ) { channel in
      var images = try kSpace(channel)
      transform.inverse(&images)
      return images
    }
  }
}
