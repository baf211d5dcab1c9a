import MRIData
import NDArrays
import Numerics
import Operators

/// Autocalibrated filling of k-space, channel by channel, for any sampling mask.
///
/// Every sample that was not acquired is predicted from the acquired ones around it, with weights that fit the
/// fully sampled centre:
///
/// ```
/// k[c, r] = sum_(c', d) W[c, (c', d)] k[c', r + d]       d: offsets in (kz, ky, kx), line of r + d acquired
/// W = R_ts (R_ss + (sigma^2 / P) I)^(-1)                  R: covariance of neighbours per unit of signal power
/// ```
///
/// - One covariance `R` over the whole neighbourhood is computed once; each arrangement of acquired neighbours takes
///   its own block of it. Regular, CAIPI and Poisson-disk masks differ only in the number of arrangements.
/// - The damping is that of a Wiener filter: the noise variance `sigma^2` over the signal power `P` that the
///   neighbours of a missing sample show. Weights are sharp at the centre of k-space and careful at its rim, where
///   one damping for all would amplify noise or blur.
/// - Calibration samples count by what they say about `R`, so that the very centre does not outvote the rest.
/// - A missing line with too few neighbours looks further; one that finds none stays zero and is counted.
///
/// With many receive channels, the neighbours are those of fewer, virtual ones (``CoilCompression``), while every receive
/// channel is predicted for itself: ``sources`` says how many hold what share of the energy. Acquired samples are
/// returned bit for bit, and channels keep their own phases. All echoes use the weights of the first echo's
/// calibration.
///
/// Images are filled for as many channels at a time as fit into a gigabyte, when they are asked for: a scan of 32
/// channels and 8 echoes takes its acquired samples, and little more.
///
/// - SeeAlso: M. A. Griswold et al., "Generalized autocalibrating partially parallel acquisitions (GRAPPA)", MRM
///   47:1202, 2002, doi:10.1002/mrm.10171; one covariance for all arrangements: P. J. Beatty et al., Proc. ISMRM
///   15:1749, 2007; virtual sources: M. Buehrer et al., MRM 57:1131, 2007, doi:10.1002/mrm.21237.
public struct GRAPPA: Reconstruction {
  /// The neighbourhood; chosen to suit the scan if `nil`.
  public var kernel: Kernel?
  /// The virtual channels to predict from; if `nil`, all of up to 12 channels, and of more those that hold 99 % of the
  /// energy, 16 at most.
  public var sources: CoilCompression.Extent?

  /// The memory that channels filled at a time may take [byte], unless a single one per thread takes more.
  public static let blockMemory = 1 << 30

  /// Creates the method.
  ///
  /// - Parameters:
  ///   - kernel: The neighbourhood; chosen to suit the scan unless given.
  ///   - sources: The virtual channels to predict from; chosen to suit the scan unless given.
  public init(kernel: Kernel? = nil, sources: CoilCompression.Extent? = nil) {
    self.kernel = kernel
    self.sources = sources
  }

  /// The images of every channel on the encoded grid.
  ///
  /// - Throws: What ``filled(_:)`` throws.
  public func callAsFunction(_ scan: KSpace) throws -> ChannelImages { try self(CompactKSpace(scan)) }

  /// The images of every channel on the encoded grid.
  ///
  /// - Throws: What ``filled(_:)`` throws.
  public func callAsFunction(_ scan: CompactKSpace) throws -> ChannelImages {
    let scan = scan.withEmbeddedCalibration
    guard !scan.isFullySampled else { return ZeroFilled()(scan).reporting([.noLineMissing]) }
    let plan = try plan(scan)
    let blocks = FilledBlocks(plan)
    return ChannelImages(
      of: scan, noise: .shared, assumptions: assumptions(plan), preparing: { try blocks.prepare($0) },
      kSpace: { try blocks.channel($0) }
    ).reporting(plan.diagnostics)
  }

  /// A scan without gaps, and how they were filled.
  ///
  /// - Throws: ``ParallelImagingError``.
  public func filled(_ scan: KSpace) throws(ParallelImagingError) -> Filling {
    let scan = scan.withEmbeddedCalibration
    guard !scan.isFullySampled else { return Filling(scan: scan, supports: [:], unsupported: 0) }
    let plan = try plan(CompactKSpace(scan))
    var filled = scan
    let all = scan.masks.map { SamplingMask(lines: $0.lines, partitions: $0.partitions) }
    let table = LineTable(all, channels: scan.channels), channels = 0..<scan.channels
    try filled.samples.withUnsafeMutableBufferPointer { (samples) throws(ParallelImagingError) in
      try plan.fill(GapTarget(samples: SharedBuffer(samples), table: table, channels: channels))
    }
    filled.masks = plan.masks
    filled.assumptions += assumptions(plan)
    return Filling(scan: filled, supports: plan.supports, unsupported: plan.unsupported)
  }

  /// The factorisation of what a line is predicted from [s per cubed number of unknowns].
  private static let factorCost = 5e-11
  /// Predictions [s per product of complex numbers].
  private static let predictionCost = 5e-10

  /// Virtual channels, the lines of as many channels as are filled at a time, and the covariance of neighbours.
  public func needs(for size: ScanSize) -> MethodNeeds {
    guard !size.isFullySampled else { return MethodNeeds() }
    let channels = Double(size.channels), echoes = Double(size.echoes), slices = Double(size.slices)
    let missing = (size.kSpaceBytes - size.acquiredBytes) / slices
    let block =
      slices * min(missing, max(Double(Self.blockMemory), Double(Parallelism.threads) * missing / channels))
    // The covariance of 28 neighbours of three samples, in parts.
    let order = 84 * channels * size.virtualShare
    // Six neighbours of three samples each, at two powers of the signal.
    let unknowns = 18 * size.usualVirtualChannels, length = Double(size.matrix.x)
    let lines = size.voxels * (1 - size.acquiredShare) / max(1, length)
    return MethodNeeds(
      memory: size.acquiredBytes * size.virtualShare + block
        + 6 * order * order * Double(MemoryLayout<Complex<Float>>.stride),
      seconds: Self.factorCost * 2 * lines * unknowns * unknowns * unknowns
        + Self.predictionCost * lines * echoes * length * unknowns * channels)
  }

  func plan(_ scan: CompactKSpace) throws(ParallelImagingError) -> FillingPlan {
    let automatic = scan.channels > 12 ? CoilCompression.Extent.energy(0.99, atMost: 16) : nil
    return try FillingPlan(scan, kernel: kernel, sources: sources ?? automatic)
  }

  private func assumptions(_ plan: FillingPlan) -> [String] {
    plan.mix.map { [$0.account(of: "Missing lines were predicted from")] } ?? []
  }

  /// A scan whose gaps were filled.
  public struct Filling: Sendable {
    /// The scan, with every acquired sample as it was; its masks name every position that now has a sample.
    public let scan: KSpace
    /// The number of missing lines, over all echoes, by the number of acquired lines that they were predicted from.
    public let supports: [Int: Int]
    /// The number of missing lines, over all echoes, with no acquired line in reach; they are zero.
    public let unsupported: Int
  }
}
