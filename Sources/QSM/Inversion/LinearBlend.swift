import NDArrays
import Numerics

/// The mean of a sparse map and of the best linear one, each with the weight that it deserves.
///
/// ```
/// chi = w + g (s - w)
/// ```
///
/// Both make errors of about the same size, but not the same ones: the sparse map `s` keeps the amplitude of sources and
/// takes noise for sources; the linear one `w` knows at which scales the field tells something, makes everything weaker
/// and blurs. The factor `g` is the share `q` of susceptibility's power that the field tells
/// (``FieldSpectra/share``): with little noise, sparse edges add what a linear map lacks, with much, they are noise.
/// For differences finer than a voxel's side `h` it is half of that. Strong sources are left as they are: `g` goes to 1
/// where the root mean square of `s` nearby, `m`, exceeds that of the whole map, `M`,
///
/// ```
/// g = (q + u) / (1 + u),   u = (m / (2.5 M))^4
/// ```
struct LinearBlend {
  /// The field's spectra.
  let spectra: FieldSpectra
  /// The root mean square of a strong source relative to that of the map.
  private let strength: Float = 2.5

  /// Blends a sparse map with the best linear one of the same field.
  ///
  /// - Parameters:
  ///   - map: The sparse map on the grid [ppm], which is replaced.
  ///   - model: The field of that map [ppm].
  ///   - rest: What is trusted of the measured field beyond that [ppm]: where it is hardly known, it is the map's.
  ///   - dipole: The kernel.
  ///   - grid: The grid.
  ///   - filter: Filters a volume by factors in k-space.
  init(
    _ map: inout NDArray<Float>, of model: NDArray<Float>, trusting rest: NDArray<Float>,
    dipole: NDArray<Float>, on grid: WorkingGrid,
    filter: (_ volume: inout NDArray<Float>, _ factors: NDArray<Float>) -> Void
  ) {
    var field = rest.combined(with: model) { $0 + $1 }
    field.keepOnly(grid.mask)
    spectra = FieldSpectra(field, dipole: dipole, on: grid)
    var linear = field
    filter(&linear, spectra.factors(dipole))
    linear.removeMean(within: grid.mask)
    map.removeMean(within: grid.mask)

    let size = grid.voxelSize
    let means = LocalMeans(
      within: grid.mask, DifferenceKernel(grid), variance: Double.pow(size.x * size.y * size.z, 2.0 / 3),
      filter: filter)
    func smoothed(_ volume: NDArray<Float>) -> NDArray<Float> {
      var volume = volume
      means(&volume, filter: filter)
      return volume
    }
    let strong = strength * strength * Float(map.dot(map) / Double(grid.maskCount))
    guard strong > 0 else { return }
    let excess = smoothed(map.map { $0 * $0 }).map { max($0 / strong, 0) * max($0 / strong, 0) }
    var fine = map.combined(with: linear) { $0 - $1 }
    var coarse = smoothed(fine)
    fine.update(coarse) { $0 - $1 }
    let share = Float(spectra.share)
    coarse.update(excess) { $0 * (share + $1) / (1 + $1) }
    fine.update(excess) { $0 * (share / 2 + $1) / (1 + $1) }
    map = linear
    map.update(coarse) { $0 + $1 }
    map.update(fine) { $0 + $1 }
    map.keepOnly(grid.mask)
  }
}

extension NDArray<Float> {
  /// Subtracts the mean over a mask from its voxels, and makes zero what lies outside.
  fileprivate mutating func removeMean(within mask: NDArray<Bool>) {
    keepOnly(mask)
    let (sum, count) = withUnsafeBufferPointer { values in
      mask.withUnsafeBufferPointer { mask in
        values.indices.reduce(into: (0.0, 0.0)) { if mask[$1] { $0 = ($0.0 + Double(values[$1]), $0.1 + 1) } }
      }
    }
    guard count > 0 else { return }
    let mean = Float(sum / count)
    self = combined(with: mask) { $1 ? $0 - mean : 0 }
  }
}
