/// A method that makes per-channel images from a scan.
public protocol Reconstruction: ConfiguredMethod {
  /// The images of every channel on the encoded grid.
  ///
  /// - Throws: An error that says why this scan cannot be reconstructed this way.
  func callAsFunction(_ scan: KSpace) throws -> ChannelImages

  /// The images of every channel of a scan of which only the acquired lines are held.
  ///
  /// Methods that know a way without the whole grid take it.
  ///
  /// - Throws: An error that says why this scan cannot be reconstructed this way.
  func callAsFunction(_ scan: CompactKSpace) throws -> ChannelImages

  /// What the images take beyond the acquired samples and the channels in work; the whole grid unless a method says otherwise.
  func needs(for size: ScanSize) -> MethodNeeds
}

extension Reconstruction {
  /// The images of every channel, by way of the whole grid.
  ///
  /// - Throws: An error that says why this scan cannot be reconstructed this way.
  public func callAsFunction(_ scan: CompactKSpace) throws -> ChannelImages { try self(KSpace(scan)) }

  /// The whole grid, where the scan is not one already.
  public func needs(for size: ScanSize) -> MethodNeeds {
    MethodNeeds(memory: size.isFullySampled ? 0 : size.kSpaceBytes)
  }
}
