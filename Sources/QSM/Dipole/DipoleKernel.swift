import FourierTransforms
import MRIData
import NDArrays

/// The field that susceptibility causes in a uniform static field, as factors in k-space.
///
/// ```
/// f = F^-1 [ D F chi ],   D = 1/3 - (k.b)^2 / |k|^2,   D(0) = 0,   k_i = fftfreq(n_i) / (voxel size)_i
/// ```
///
/// where `f` is relative to the static field, in the unit of `chi`, and `b` is the direction of the static field along
/// the voxel axes, which may be oblique. The sphere of Lorentz is taken into account. Extents may be odd.
///
/// - SeeAlso: R. Salomir et al., Concepts Magn Reson B 19:26, 2003, doi:10.1002/cmr.b.10083; J. P. Marques,
///   R. Bowtell, Concepts Magn Reson B 25:65, 2005, doi:10.1002/cmr.b.20034.
public struct DipoleKernel: Sendable {
  /// The extents of the grid, which repeats with its period.
  public var matrix: Extents
  /// The distances of neighbouring voxels, in any unit.
  public var voxelSize: SIMD3<Double>
  /// The direction of the static field along the voxel axes, unit length.
  public var direction: SIMD3<Double>

  /// Creates the kernel of a grid.
  ///
  /// - Precondition: Voxel sizes are positive.
  public init(matrix: Extents, voxelSize: SIMD3<Double>, direction: SIMD3<Double>) {
    precondition(
      voxelSize.x > 0 && voxelSize.y > 0 && voxelSize.z > 0, "voxels of size \(voxelSize)")
    self.matrix = matrix
    self.voxelSize = voxelSize
    self.direction = direction
  }

  /// Creates the kernel of a volume.
  public init(_ geometry: Geometry) {
    self.init(
      matrix: geometry.matrix, voxelSize: geometry.voxelSize, direction: geometry.fieldDirection)
  }

  init(_ grid: WorkingGrid) {
    self.init(matrix: grid.matrix, voxelSize: grid.voxelSize, direction: grid.fieldDirection)
  }

  /// The factors, axes `[kz, ky, kx]`, as a ``RealFourierTransform`` orders them.
  public var factors: NDArray<Float> {
    let frequencies = (0..<3).map { Self.frequencies(matrix[$0], voxelSize: voxelSize[$0]) }
    let b = direction
    let half = matrix.x / 2 + 1
    // At the highest frequency of an even extent, +k and -k are the same sample. A real field needs the mean of both
    // kernels, in which products with other axes cancel.
    @Sendable func isHighest(_ index: Int, _ extent: Int) -> Bool { extent % 2 == 0 && 2 * index == extent }
    let (kx, ky, kz) = (frequencies[0], frequencies[1], frequencies[2])
    let (nx, ny, nz) = (matrix.x, matrix.y, matrix.z)
    return NDArray(uninitializedShape: [nz, ny, half]) { factors in
      let factors = SharedBuffer(factors)
      Parallelism.forEach(nz) { z in
        let zHighest = isHighest(z, nz)
        for y in 0..<ny {
          let yHighest = isHighest(y, ny)
          let yz = yHighest == zHighest ? 2 * b.y * b.z * ky[y] * kz[z] : 0
          let squares = b.y * b.y * ky[y] * ky[y] + b.z * b.z * kz[z] * kz[z] + yz
          let length = ky[y] * ky[y] + kz[z] * kz[z]
          let row = (z * ny + y) * half
          for x in 0..<half {
            let xHighest = isHighest(x, nx)
            let across =
              (xHighest == yHighest ? b.y * ky[y] : 0) + (xHighest == zHighest ? b.z * kz[z] : 0)
            let projection = b.x * b.x * kx[x] * kx[x] + 2 * b.x * kx[x] * across + squares
            let square = kx[x] * kx[x] + length
            factors[row + x] = square > 0 ? Float(1.0 / 3 - projection / square) : 0
          }
        }
      }
    }
  }

  /// The field of a distribution that repeats with the period of the grid, in the unit of the susceptibility.
  ///
  /// - Precondition: The array has the extents of ``matrix``.
  public func field(of susceptibility: NDArray<Float>) -> NDArray<Float> {
    let transform = RealFourierTransform(shape: matrix.shape)
    var field = susceptibility
    var workspace = transform.makeWorkspace()
    transform.filter(&field, workspace: &workspace, by: factors)
    return field
  }

  /// `0, 1, ..., -2, -1` divided by the field of view.
  static func frequencies(_ extent: Int, voxelSize: Double) -> [Double] {
    (0..<extent).map { Double($0 < (extent + 1) / 2 ? $0 : $0 - extent) / (Double(extent) * voxelSize) }
  }
}
