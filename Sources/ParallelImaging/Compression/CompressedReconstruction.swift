import MRIData

/// A reconstruction of virtual channels instead of the receive channels.
///
/// For methods that treat every channel by itself, such as ``ReconNet3D``: the first virtual channels gather the signal
/// that the receive channels share, so that weak structures far from all coils stand out of their noise there, and there
/// are fewer channels to reconstruct. The images are those of the virtual channels, whose field by ``MDI`` is that of the
/// receive channels but for the energy left out.
///
/// - SeeAlso: ``CoilCompression``.
public struct CompressedReconstruction: Reconstruction {
  /// What reconstructs the virtual channels.
  public let base: any Reconstruction
  /// How channels are compressed.
  public let compression: CoilCompression

  /// Reconstructs virtual channels; one mix holds for the whole volume unless stated otherwise, since a mix that changed
  /// along the readout would bring its own phase into the images.
  public init(_ base: any Reconstruction, by compression: CoilCompression) {
    self.base = base
    self.compression = compression
  }

  /// The images of the virtual channels.
  ///
  /// - Throws: ``ParallelImagingError`` if the scan has no calibration data to learn the mix from, and what the base throws.
  public func callAsFunction(_ scan: KSpace) throws -> ChannelImages {
    try base(scan.compressed(by: compression))
  }

  /// Those of the base with all receive channels, which are no more than these.
  public func needs(for size: ScanSize) -> MethodNeeds { base.needs(for: size) }
}
