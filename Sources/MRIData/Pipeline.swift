import NDArrays

/// A reconstruction followed by a combination: from the samples of a scan to what its echoes yield.
///
/// ```
/// k-space -> images of every channel -> combined echoes, field, R2*
/// ```
///
///     let pipeline = Pipeline(GRAPPA(), then: MDI())
///     let maps = try pipeline(scan)           // maps.field [Hz], .fieldNoise, .r2Star, .echoes
///
/// Images are cropped to the prescribed field of view between the two.
public struct Pipeline<Combination: CoilCombination>: Sendable {
  /// What makes the images of the channels.
  public let reconstruction: any Reconstruction
  /// What makes one result of them.
  public let combination: Combination

  /// Joins the two stages.
  public init(_ reconstruction: any Reconstruction, then combination: Combination) {
    self.reconstruction = reconstruction
    self.combination = combination
  }

  /// Reconstructs a scan and combines its channels.
  ///
  /// - Parameters:
  ///   - scan: The slices of a scan; a volume is a stack of one.
  ///   - observer: Sees the images of all channels before they are combined, and returns those that are: the same, or
  ///     ones that tell of each channel when it is computed.
  /// - Throws: What either stage throws.
  public func callAsFunction(
    _ scan: SliceStack, observing observer: (ChannelImages) throws -> ChannelImages = { $0 }
  ) throws -> Combination.Output {
    try combination(observer(scan.images(by: reconstruction)))
  }

  /// Reconstructs a scan of a single volume and combines its channels.
  ///
  /// - Throws: What either stage throws.
  public func callAsFunction(_ scan: CompactKSpace) throws -> Combination.Output {
    try self(SliceStack([scan], geometry: scan.geometry))
  }

  /// Reconstructs a scan of a single volume and combines its channels.
  ///
  /// - Throws: What either stage throws.
  public func callAsFunction(_ scan: KSpace) throws -> Combination.Output {
    try combination(reconstruction(scan).cropped(to: scan.prescribedMatrix))
  }

  /// Reading, the transforms and the combination [s per voxel, channel and echo].
  private static var commonCost: Double { 7e-8 }

  /// What both stages take, with the scan itself.
  public func needs(for size: ScanSize) -> MethodNeeds {
    // Channels in flight are held whole, and once more where they are cropped.
    let copies = size.matrix == size.prescribed ? 1.0 : 2
    let inFlight = Double(min(size.channels, Parallelism.threads)) * size.channelBytes * copies
    // Combined echoes, their magnitude and phase, and the headers of the readouts on top of the program itself.
    let own = size.acquiredBytes + inFlight + 3 * size.channelBytes + 400 * Double(size.readouts) + 60e6
    let seconds = Self.commonCost * size.voxels * Double(size.channels) * Double(size.echoes)
    return MethodNeeds(memory: own, seconds: seconds) + reconstruction.needs(for: size)
      + combination.needs(for: size)
  }
}
