import MRIData

/// A reconstruction whose images are weighted in k-space.
public struct WindowedReconstruction: Reconstruction {
  /// What makes the images.
  public let base: any Reconstruction
  /// How their k-space is weighted.
  public let window: KSpaceWindow

  /// Weights the images of a reconstruction, of any method, before they are cropped and combined.
  public init(_ base: any Reconstruction, by window: KSpaceWindow) {
    self.base = base
    self.window = window
  }

  /// The weighted images of every channel on the encoded grid.
  ///
  /// - Throws: What the base throws.
  public func callAsFunction(_ scan: KSpace) throws -> ChannelImages { try base(scan).weighted(by: window) }

  /// The weighted images of every channel on the encoded grid.
  ///
  /// - Throws: What the base throws.
  public func callAsFunction(_ scan: CompactKSpace) throws -> ChannelImages {
    try base(scan).weighted(by: window)
  }

  /// Those of the base.
  public func needs(for size: ScanSize) -> MethodNeeds { base.needs(for: size) }
}
