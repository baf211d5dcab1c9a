import LinearAlgebra
import MRIData
import NDArrays
import Numerics

/// Fewer, virtual channels that hold nearly all of what the receive channels measured.
///
/// ```
/// y'[v] = sum_c A[v, c] y[c]       A: the dominant eigenvectors of the calibration data's covariance, A A^H = 1
/// ```
///
/// With ``Kind/geometric`` there is one `A` for every position of the readout, after its inverse transform. Since a
/// voxel sees a few channels only, fewer virtual ones do. Neighbouring positions' matrices are turned so that they
/// differ as little as possible, `A[x] = P A[x]` with the unitary `P` nearest to `A[x - 1] A[x]^H`; virtual
/// sensitivities are then smooth along the readout, and kernels along `kx` stay short.
///
/// - The noise of whitened channels stays white and keeps its level, as the rows of `A` are orthonormal.
/// - All echoes share `A`. Products of echoes summed over channels, `sum_c S_ck conj(S_cl)`, are those of the receive
///   channels but for the energy left out, voxel by voxel, for both kinds: ``MDI`` and its field are not changed by
///   the mix, nor by how positions were aligned. The phase of one virtual channel by itself has no meaning, and with
///   the geometric kind it holds the alignment's along the readout.
/// - Samples outside of an asymmetric echo stay zero; with the geometric kind those next to its cut miss what the
///   mix would bring in from beyond.
///
/// - SeeAlso: M. Buehrer et al., "Array compression for MRI with large coil arrays", Magn. Reson. Med. 57(6):1131-1139,
///   2007, doi:10.1002/mrm.21237; T. Zhang et al., "Coil compression for accelerated imaging with Cartesian sampling",
///   Magn. Reson. Med. 69(2):571-582, 2013, doi:10.1002/mrm.24267.
public struct CoilCompression: Sendable, Equatable {
  /// Where the matrix of the mix holds.
  public enum Kind: Sendable, Equatable {
    /// Everywhere.
    case uniform
    /// At one position of the readout.
    case geometric
  }

  /// How many virtual channels are kept.
  public enum Extent: Sendable, Equatable {
    /// So many, or all where there are fewer.
    case channels(Int)
    /// The fewest that hold this share of the calibration data's energy, without that of noise of a known level.
    case energy(Double, atMost: Int = .max)
  }

  /// Where the matrix of the mix holds.
  public let kind: Kind
  /// How many virtual channels are kept.
  public let extent: Extent

  /// Creates the compression.
  ///
  /// - Precondition: At least one channel is kept, and a share of energy lies in `0...1`.
  public init(_ kind: Kind = .geometric, keeping extent: Extent = .energy(0.99)) {
    switch extent {
    case .channels(let count): precondition(count > 0, "a scan needs channels, not \(count)")
    case .energy(let share, let most):
      precondition((0...1).contains(share) && most > 0, "a share of \(share) with at most \(most) channels")
    }
    self.kind = kind
    self.extent = extent
  }

  /// The mix that suits a scan.
  ///
  /// - Throws: ``ParallelImagingError/noCalibration``, ``ParallelImagingError/calibrationWithoutSignal``,
  ///   ``ParallelImagingError/calibrationNotFinite``.
  public func mix(for scan: KSpace) throws(ParallelImagingError) -> ChannelMix {
    let deviation = scan.noise.standardDeviation ?? 0
    return try mix(of: CalibrationBlock(scan), noiseVariance: 2 * deviation * deviation)
  }

  /// The mix that calibration data tell.
  func mix(of block: CalibrationBlock, noiseVariance: Float) throws(ParallelImagingError) -> ChannelMix {
    let spectra = try ChannelSpectra(block, alongReadout: kind == .geometric, noiseVariance: noiseVariance)
    let count: Int
    switch extent {
    case .channels(let wanted): count = min(wanted, spectra.channels)
    case .energy(let share, let most): count = min(spectra.channels(holding: share), most, spectra.channels)
    }
    return ChannelMix(
      weights: try spectra.alignedVectors(count), retainedEnergy: spectra.share(of: count))
  }
}

extension KSpace {
  /// The scan as fewer, virtual channels see it; its calibration lines too.
  ///
  /// - Throws: As ``CoilCompression/mix(for:)``.
  public func compressed(by compression: CoilCompression = CoilCompression()) throws(ParallelImagingError)
    -> KSpace
  {
    try compression.mix(for: self)(self)
  }
}
