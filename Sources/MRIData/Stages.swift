/// A method that makes per-channel images from a scan.
public protocol Reconstruction: Sendable {
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
}

extension Reconstruction {
  /// The images of every channel, by way of the whole grid.
  ///
  /// - Throws: An error that says why this scan cannot be reconstructed this way.
  public func callAsFunction(_ scan: CompactKSpace) throws -> ChannelImages { try self(KSpace(scan)) }
}

/// A method that makes one result from the images of all channels.
public protocol CoilCombination<Output>: Sendable {
  /// What the combination yields.
  associatedtype Output: Sendable

  /// The combination of all channels.
  ///
  /// - Throws: What computing a channel throws, or an error that says why the images cannot be combined.
  func callAsFunction(_ images: ChannelImages) throws -> Output
}

/// A reconstruction followed by a combination.
///
///     let pipeline = Pipeline(ZeroFilled(), then: MDI())
///     let fieldMap = try pipeline(scan).field
public struct Pipeline<Combination: CoilCombination>: Sendable {
  private let reconstruction: any Reconstruction
  private let combination: Combination

  /// Joins the two stages.
  public init(_ reconstruction: some Reconstruction, then combination: Combination) {
    self.reconstruction = reconstruction
    self.combination = combination
  }

  /// Reconstructs a scan, crops it to the prescribed field of view and combines its channels.
  ///
  /// - Throws: What either stage throws.
  public func callAsFunction(_ scan: KSpace) throws -> Combination.Output {
    try combination(reconstruction(scan).cropped(to: scan.prescribedMatrix))
  }
}
