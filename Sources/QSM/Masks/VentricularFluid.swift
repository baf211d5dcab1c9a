import MRIData
import NDArrays
import Numerics

/// The fluid of the ventricles, a zero of susceptibility that scans of different people share.
///
/// ```
/// R2* < 5 /s, at least 10 mm within the brain -> the three largest parts whose middle lies within 30 mm of the brain's
/// ```
///
/// Lengths are those of a human brain, and as many times smaller as a brain is.
///
/// - SeeAlso: Z. Liu et al., "MEDI+0: Morphology enabled dipole inversion with automatic uniform cerebrospinal fluid zero
///   reference for quantitative susceptibility mapping", Magn Reson Med 79:2795, 2018, doi:10.1002/mrm.26946.
public struct VentricularFluid: Sendable, Equatable {
  /// The rate below which a voxel is fluid [1/s].
  public var largestRate = 5.0
  /// The number of voxels that a part has at least.
  public var leastVoxels = 8

  /// Creates the method.
  public init() {}

  /// Where the fluid is, within a mask of the brain.
  ///
  /// - Parameters:
  ///   - r2Star: R2* [1/s], one volume.
  ///   - brain: The brain, axes `[z, y, x]`.
  /// - Throws: ``QSMError/noObject(_:)`` if there is none.
  /// - Precondition: Both have the same extents.
  public func callAsFunction(
    _ r2Star: ImageVolumes<Float>, within brain: NDArray<Bool>
  ) throws(QSMError) -> NDArray<Bool> {
    let size = r2Star.geometry.voxelSize, matrix = r2Star.geometry.matrix
    let count = brain.withUnsafeBufferPointer { Double($0.count { $0 }) }
    // A human brain has the volume of a ball of 68 mm.
    let radius = Double.pow(count * size.x * size.y * size.z * 0.75 / .pi, 1.0 / 3)
    let unit = min(1, radius / 68e-3)
    let deep = Morphology(voxelSize: size).eroded(brain, by: 10e-3 * unit)
    let limit = Float(largestRate)
    let parts = ConnectedParts(deep.combined(with: r2Star[0]) { $0 && $1.isFinite && $1 < limit })
    var sums = [SIMD4<Double>](repeating: .zero, count: parts.sizes.count + 1)
    func add(_ index: Int, to part: Int) {
      let (x, y, z) = (index % matrix.x, index / matrix.x % matrix.y, index / (matrix.x * matrix.y))
      sums[part] += SIMD4(Double(x) * size.x, Double(y) * size.y, Double(z) * size.z, 1)
    }
    brain.withUnsafeBufferPointer { brain in
      for index in brain.indices where brain[index] { add(index, to: 0) }
    }
    let middle = sums[0] / max(sums[0].w, 1)
    parts.labels.withUnsafeBufferPointer { labels in
      for index in labels.indices where labels[index] > 0 { add(index, to: Int(labels[index])) }
    }
    let central = parts.sizes.indices.filter { part in
      let step = sums[part + 1] / sums[part + 1].w - middle
      return parts.sizes[part] >= leastVoxels && (step * step).sum().squareRoot() < 30e-3 * unit
    }
    let chosen = Set(central.sorted { parts.sizes[$0] > parts.sizes[$1] }.prefix(3).map { Int32($0 + 1) })
    guard !chosen.isEmpty else { throw .noObject("fluid of the ventricles") }
    return parts.labels.map { chosen.contains($0) }
  }
}
