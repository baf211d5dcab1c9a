import MRIData
import NDArrays

/// Background removal by Laplace's equation: the harmonic field that equals the total one at the mask's border.
///
/// ```
/// Laplacian b = 0 inside,   b = f at the border;   local = f - b
/// ```
///
/// with the seven-point Laplacian, by conjugate gradients. The outermost layer of voxels is lost. What the total field
/// has of noise at the border spreads inwards.
///
/// - SeeAlso: D. Zhou et al., "Background field removal by solving the Laplacian boundary value problem", NMR Biomed
///   27:312, 2014, doi:10.1002/nbm.3064.
public struct LBV: BackgroundRemoval {
  /// The residual relative to the first that ends the iterations.
  public var tolerance: Double
  /// The largest number of iterations.
  public var maximumIterations: Int

  /// Creates the method.
  ///
  /// - Precondition: There is at least one iteration.
  public init(tolerance: Double = 1e-4, maximumIterations: Int = 1000) {
    precondition(maximumIterations > 0, "\(maximumIterations) iterations")
    self.tolerance = tolerance
    self.maximumIterations = maximumIterations
  }

  /// Removes the background.
  public func callAsFunction(
    _ field: ImageVolumes<Float>, mask: ImageVolumes<UInt8>
  ) throws(QSMError) -> LocalField {
    let longest = field.geometry.voxelSize.max()
    let grid = try WorkingGrid(field: field, mask: mask, region: .mask(margin: 2 * longest))
    let inside = interior(grid)
    guard inside.withUnsafeBufferPointer({ $0.contains(true) }) else { throw .maskTooThin(radius: longest) }
    let total = grid.load(field)
    // The local field vanishes at the border, and its Laplacian inside is that of the total field.
    var right = total
    negativeLaplacian(&right, grid: grid, inside: inside)
    let result = FieldConjugateGradients.solve(
      right, tolerance: tolerance, maximumIterations: maximumIterations
    ) { negativeLaplacian(&$0, grid: grid, inside: inside) }
    return LocalField(
      field: grid.store(result.solution, in: inside), mask: grid.store(inside),
      iterations: result.iterations, change: result.residual, warnings: grid.slabWarnings)
  }

  /// The voxels whose six neighbours lie in the mask.
  private func interior(_ grid: WorkingGrid) -> NDArray<Bool> {
    let (nx, ny, nz) = (grid.matrix.x, grid.matrix.y, grid.matrix.z)
    return NDArray(uninitializedShape: grid.matrix.shape) { inside in
      inside.initialize(repeating: false)
      grid.mask.withUnsafeBufferPointer { mask in
        for z in 0..<nz {
          for y in 0..<ny {
            let row = (z * ny + y) * nx
            for x in 0..<nx where mask[row + x] {
              guard x > 0, x < nx - 1, y > 0, y < ny - 1, z > 0, z < nz - 1 else { continue }
              let voxel = row + x
              inside[voxel] =
                mask[voxel - 1] && mask[voxel + 1] && mask[voxel - nx] && mask[voxel + nx]
                && mask[voxel - nx * ny] && mask[voxel + nx * ny]
            }
          }
        }
      }
    }
  }

  /// Minus the Laplacian inside, zero elsewhere.
  private func negativeLaplacian(
    _ volume: inout NDArray<Float>, grid: WorkingGrid, inside: NDArray<Bool>
  ) {
    let (nx, ny) = (grid.matrix.x, grid.matrix.y)
    let weights = SIMD3<Float>(1 / (grid.voxelSize * grid.voxelSize))
    let middle = 2 * weights.sum()
    let source = volume
    volume.withUnsafeMutableBufferPointer { target in
      source.withUnsafeBufferPointer { source in
        inside.withUnsafeBufferPointer { inside in
          let (target, source) = (SharedBuffer(target), SharedConstants(source))
          let inside = SharedConstants(inside)
          Parallelism.forEach(grid.matrix.z) { z in
            for voxel in z * nx * ny..<(z + 1) * nx * ny {
              guard inside[voxel] else {
                target[voxel] = 0
                continue
              }
              let x = weights.x * (source[voxel - 1] + source[voxel + 1])
              let y = weights.y * (source[voxel - nx] + source[voxel + nx])
              let z = weights.z * (source[voxel - nx * ny] + source[voxel + nx * ny])
              target[voxel] = middle * source[voxel] - x - y - z
            }
          }
        }
      }
    }
  }
}
