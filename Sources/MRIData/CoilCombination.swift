/// A method that makes one result from the images of all channels.
public protocol CoilCombination<Output>: ConfiguredMethod {
  /// What the combination yields.
  associatedtype Output: Sendable

  /// The combination of all channels.
  ///
  /// - Throws: What computing a channel throws, or an error that says why the images cannot be combined.
  func callAsFunction(_ images: ChannelImages) throws -> Output

  /// What the combination takes beyond the channels in work; the images of all channels unless a method says otherwise.
  func needs(for size: ScanSize) -> MethodNeeds
}

extension CoilCombination {
  /// The images of all channels at once.
  public func needs(for size: ScanSize) -> MethodNeeds { MethodNeeds(memory: size.kSpaceBytes) }
}
