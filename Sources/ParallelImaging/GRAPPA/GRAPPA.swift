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
/// Acquired samples are returned bit for bit, and channels keep their own phases. All echoes use the weights of
/// the first echo's calibration.
///
/// - SeeAlso: M. A. Griswold et al., "Generalized autocalibrating partially parallel acquisitions (GRAPPA)", MRM
///   47:1202, 2002, doi:10.1002/mrm.10171; one covariance for all arrangements: P. J. Beatty et al., Proc. ISMRM
///   15:1749, 2007.
public struct GRAPPA: Reconstruction {
  /// The neighbourhood; chosen to suit the scan if `nil`.
  public var kernel: Kernel?

  /// Creates the method.
  ///
  /// - Parameter kernel: The neighbourhood; chosen to suit the scan unless given.
  public init(kernel: Kernel? = nil) {
    self.kernel = kernel
  }

  /// The images of every channel on the encoded grid.
  ///
  /// - Throws: What ``filled(_:)`` throws.
  public func callAsFunction(_ scan: KSpace) throws -> ChannelImages {
    let filling = try filled(scan)
    return ZeroFilled()(filling.scan).reporting(filling.diagnostics)
  }

  /// A scan without gaps, and how they were filled.
  ///
  /// - Throws: ``ParallelImagingError``.
  public func filled(_ scan: KSpace) throws(ParallelImagingError) -> Filling {
    let scan = scan.withEmbeddedCalibration
    guard !scan.isFullySampled else { return Filling(scan: scan, supports: [:], unsupported: 0) }
    let calibration = try CalibrationBlock(scan)
    let kernel = self.kernel ?? Kernel(for: scan, calibration.region)
    let noise = scan.noiseVariance

    let near = Neighbourhood(kernel, lines: scan.lines, partitions: scan.partitions)
    let weights = try CalibrationCovariance(calibration, near, scan.readoutRange, noiseVariance: noise)
    var gaps = GapList(in: scan.masks, near)
    var filled = scan
    try filled.fill(gaps.groups, by: weights)
    if !gaps.starved.isEmpty {
      let wide = kernel.grown(within: calibration.region, of: scan)
      let far = Neighbourhood(wide, lines: scan.lines, partitions: scan.partitions)
      gaps.regroup(far, scan.masks)
      let weights = try CalibrationCovariance(calibration, far, scan.readoutRange, noiseVariance: noise)
      try filled.fill(gaps.groups, by: weights)
    }
    for echo in 0..<scan.echoes { filled.masks[echo] = gaps.completed(scan.masks[echo], echo: echo) }
    return Filling(scan: filled, supports: gaps.supports, unsupported: gaps.starved.count)
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
