import MRIData

/// A reconstruction that finds one image of all channels: the images of the channels are that times the sensitivities.
public protocol SENSEReconstruction: Reconstruction {
  /// The image of every echo, and how it was found.
  ///
  /// - Throws: ``ParallelImagingError`` where sensitivities cannot be estimated.
  func solution(for scan: CompactKSpace) throws(ParallelImagingError) -> SENSESolution
}

extension SENSEReconstruction {
  /// The image of every echo, and how it was found.
  ///
  /// - Throws: As for the acquired lines alone.
  public func solution(for scan: KSpace) throws(ParallelImagingError) -> SENSESolution {
    try solution(for: CompactKSpace(scan))
  }

  /// The images of every channel, sensitivity times image.
  ///
  /// - Throws: ``ParallelImagingError`` where sensitivities cannot be estimated.
  public func callAsFunction(_ scan: KSpace) throws(ParallelImagingError) -> ChannelImages {
    let scan = CompactKSpace(scan)
    return try solution(for: scan).channelImages(of: scan)
  }

  /// The images of every channel, sensitivity times image.
  ///
  /// - Throws: ``ParallelImagingError`` where sensitivities cannot be estimated.
  public func callAsFunction(_ scan: CompactKSpace) throws(ParallelImagingError) -> ChannelImages {
    try solution(for: scan).channelImages(of: scan)
  }
}
