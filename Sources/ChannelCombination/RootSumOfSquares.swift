import MRIData
import NDArrays
import Numerics

/// The magnitude by root sum of squares.
///
/// ```
/// I_k = sqrt(sum_c |S_ck|^2)
/// ```
///
/// It keeps no phase, and the noise of `C` channels raises a voxel without signal to `sigma sqrt(2 C)`.
/// Samples of any size are welcome; a voxel counts as empty `1e-10` below the first channel's largest
/// sample, and channels may differ in size by `1e9`. The output has axes `[echo, z, y, x]`.
///
/// - SeeAlso: P. B. Roemer et al., "The NMR phased array", Magn. Reson. Med. 16(2):192-225, 1990,
///   doi:10.1002/mrm.1910160203.
public struct RootSumOfSquares: CoilCombination {
  /// Creates the combination.
  public init() {}

  /// The magnitude of every echo.
  ///
  /// - Throws: What computing a channel throws.
  public func callAsFunction(_ images: ChannelImages) throws -> ImageVolumes<Float> {
    let squares = try EchoGramMatrix(images, bandwidth: 0)
    let voxels = squares.voxels
    let magnitude = NDArray<Float>(uninitializedShape: images.shape) { buffer in
      let target = SharedBuffer(buffer)
      squares.forEachPack { matrices, range in
        let inverse = squares.scale.inverse
        for echo in 0..<squares.layout.order {
          let root = matrices[echo].squareRoot() * inverse
          for voxel in range { target[echo * voxels + voxel] = root[voxel - range.lowerBound] }
        }
      }
    }
    return ImageVolumes(magnitude, geometry: images.geometry)
  }

  /// Nothing but a channel at a time.
  public func needs(for size: ScanSize) -> MethodNeeds { MethodNeeds() }
}
