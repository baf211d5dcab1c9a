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
/// The neighbourhood is a box that reaches ``radius`` from the voxel's centre along each axis, in whole voxels:
/// for isotropic voxels a cube, cut at the edges of the volume. Along an axis whose voxels are larger than the
/// radius there are no neighbours, so that thick slices, whose coil sensitivities differ, are combined each
/// on its own. The output has axes `[echo, z, y, x]`.
///
/// Samples of any size are welcome; a voxel counts as empty `1e-10` below the first channel's largest
/// sample, and channels may differ in size by `1e9`.
///
/// - Note: Unlike ``MDI`` this needs the images of all channels at once and keeps them; a channel is computed
///   only once. Covariances exist for a neighbourhood's lines and one more per thread, never for a volume.
/// - SeeAlso: D. O. Walsh, A. F. Gmitro, M. W. Marcellin, "Adaptive reconstruction of phased array MR imagery",
///   Magn. Reson. Med. 43(5):682-690, 2000,
///   doi:10.1002/(SICI)1522-2594(200005)43:5<682::AID-MRM10>3.0.CO;2-G.
public struct AdaptiveCombination: CoilCombination {
  /// Half the width of the neighbourhood [m]; `nil` stands for two of the smaller in-plane voxels.
  public let radius: Double?

  /// Creates the combination.
  ///
  /// - Parameter radius: Half the width of the neighbourhood [m]; two of the smaller in-plane voxels if `nil`. It
  ///   reaches no further than eight voxels along any axis.
  /// - Precondition: The radius is not negative.
  public init(radius: Double? = nil) {
    if let radius { precondition(radius >= 0, "a neighbourhood of radius \(radius) m") }
    self.radius = radius
  }

  /// The neighbours on either side of a voxel along each axis.
  func neighbours(_ geometry: Geometry) -> Extents {
    let size = geometry.voxelSize, radius = radius ?? 2 * min(size.x, size.y)
    // A voxel size is seldom exact: a neighbour 0.1 % beyond the radius still counts.
    func count(_ size: Double) -> Int { Int(min(8, 1.001 * radius / size)) }
    return Extents(x: count(size.x), y: count(size.y), z: count(size.z))
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
    let radius = neighbours(images.geometry)
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
