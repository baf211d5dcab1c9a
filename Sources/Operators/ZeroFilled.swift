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
    let matrix = scan.geometry.matrix
    // From about a gigabyte of samples on, the transforms take longer than the measurement.
    let transform = FourierTransform(
      shape: matrix.shape, planning: scan.samples.count > 1 << 27 ? .measure : .estimate)
    return ChannelImages(
      channels: scan.channels, parameters: scan.parameters, geometry: scan.geometry, noise: scan.noise,
      assumptions: scan.assumptions
    ) { channel in
      var images = scan.samples.part(at: channel, ofAxis: 1)
      transform.inverse(&images)
      return images
    }
  }
}
