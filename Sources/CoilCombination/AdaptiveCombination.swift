import MRIData
import NDArrays
import Numerics

/// Adaptive combination: each voxel's channels weighted by a matched filter that its neighbourhood teaches.
///
/// ```
/// R(r)   = sum_k sum_{|d| <= radius} S_k(r + d) S_k(r + d)^H        channels x channels, all echoes k
/// w(r)   = dominant eigenvector of R(r), of unit length
/// I_k(r) = w(r)^H S_k(r)
/// ```
///
/// The same weights serve all echoes, so that phase differences of echoes are those of the object. The
/// eigenvector leaves one phase per voxel free. It is tied to a virtual channel, `u^H w > 0`, where `u` is the
/// combination of channels that all voxels with signal have most in common: unlike a single channel, which
/// leaves a phase singularity wherever it is dark, it sees the whole object. The magnitude is that of the
/// root sum of squares, with less noise.
///
/// The neighbourhood is a cube of `2 radius + 1` voxels, cut at the edges; in a single slice it is a square.
/// The output has axes `[echo, z, y, x]`.
///
/// - Note: Unlike ``MDI`` this needs the images of all channels at once and keeps them; a channel is computed
///   only once. Covariances exist for `2 radius + 2` rows of voxels per thread, never for a volume.
/// - SeeAlso: D. O. Walsh, A. F. Gmitro, M. W. Marcellin, "Adaptive reconstruction of phased array MR imagery",
///   Magn. Reson. Med. 43(5):682-690, 2000,
///   doi:10.1002/(SICI)1522-2594(200005)43:5<682::AID-MRM10>3.0.CO;2-G.
public struct AdaptiveCombination: CoilCombination {
  /// Half the width of the neighbourhood [voxels].
  public let radius: Int

  /// Creates the combination.
  ///
  /// - Precondition: The radius lies in `0...8`.
  public init(radius: Int = 2) {
    precondition((0...8).contains(radius), "a neighbourhood of radius \(radius); 0...8 are supported")
    self.radius = radius
  }

  /// The combined complex echoes.
  ///
  /// - Throws: What computing a channel throws.
  public func callAsFunction(_ images: ChannelImages) throws -> ImageVolumes<Complex<Float>> {
    var channels: [NDArray<Complex<Float>>] = []
    try images.forEachBatch { channels += $0 }
    let matrix = images.geometry.matrix
    let rows = ChannelRows(channels: channels, echoes: images.shape[0], matrix: matrix)
    let reference = VirtualChannel(rows)
    let strip = 32, strips = (matrix.y + strip - 1) / strip
    let combined = NDArray<Complex<Float>>(uninitializedShape: images.shape) { buffer in
      let target = SharedBuffer(buffer)
      Parallelism.forEach(matrix.z * strips) { index in
        let first = index % strips * strip
        let lines = first..<min(first + strip, matrix.y)
        NeighbourhoodFilter(rows, radius: radius, reference).combine(lines, slice: index / strips, target)
      }
    }
    return ImageVolumes(combined, geometry: images.geometry)
  }
}
