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
    let transform = FourierTransform(toImagesOf: scan.geometry.matrix, count: scan.samples.count)
    return ChannelImages(
      channels: scan.channels, parameters: scan.parameters, geometry: scan.geometry, noise: scan.noise,
      assumptions: scan.assumptions
    ) { channel in
      var images = scan.samples.part(at: channel, ofAxis: 1)
      transform.inverse(&images)
      return images
    }
  }

  /// The images of every channel on the encoded grid.
  public func callAsFunction(_ scan: CompactKSpace) -> ChannelImages {
    ChannelImages(of: scan) { scan.channel($0) }
  }
}

extension ChannelImages {
  /// The images of channels whose k-space `[echo, kz, ky, kx]` is computed when it is asked for.
  ///
  /// - Parameters:
  ///   - scan: The scan that the channels belong to.
  ///   - assumptions: What was assumed beyond what the scan says.
  ///   - preparation: Computes, on all threads, what the k-space of some channels has in common.
  ///   - kSpace: Computes the k-space of one channel; it may be called from several threads at once.
  public init(
    of scan: CompactKSpace, assumptions: [String] = [],
    preparing preparation: (@Sendable (Range<Int>) throws -> Void)? = nil,
    kSpace: @escaping @Sendable (Int) throws -> NDArray<Complex<Float>>
  ) {
    let matrix = scan.geometry.matrix
    let transform = FourierTransform(
      toImagesOf: matrix, count: scan.echoes * scan.channels * matrix.count)
    self.init(
      channels: scan.channels, parameters: scan.parameters, geometry: scan.geometry, noise: scan.noise,
      assumptions: scan.assumptions + assumptions, preparing: preparation
    ) { channel in
      var images = try kSpace(channel)
      transform.inverse(&images)
      return images
    }
  }
}

extension FourierTransform {
  /// The transform of volumes, a number of samples in all.
  fileprivate convenience init(toImagesOf matrix: Extents, count: Int) {
    self.init(shape: matrix.shape, planning: .suited(toElements: count))
  }
}
