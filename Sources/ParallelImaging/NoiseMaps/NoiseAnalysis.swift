import MRIData

/// A reconstruction whose noise follows from its weights for some scans.
public protocol NoiseAnalysis: Reconstruction {
  /// The noise of the images of a scan; `nil` where it does not follow from the weights.
  ///
  /// - Throws: As the reconstruction.
  func noiseMaps(for scan: KSpace) throws -> NoiseMaps?
}
