import MRIData
import NDArrays
import Numerics

/// The susceptibility that fits the field with the least energy, or with the least energy of its gradient.
///
/// ```
/// min |D chi - f|^2 + lambda |G chi|^2       chi^ = D f^ / (D^2 + lambda |G|^2)
/// ```
///
/// with `G` the identity, or forward differences per millimetre.
///
/// - SeeAlso: B. Bilgic et al., "Fast image reconstruction with L2-regularization", J Magn Reson Imaging 40:181,
///   2014, doi:10.1002/jmri.24365.
public struct QuadraticInversion: DipoleInversion {
  /// What is kept small.
  public enum Penalty: Sendable {
    /// The susceptibility.
    case identity
    /// Its gradient, per millimetre.
    case gradient
  }

  /// The weight of the penalty, lambda.
  public var regularization: Double
  /// What is kept small.
  public var penalty: Penalty
  /// What is computed on.
  public var region: WorkingRegion

  /// Creates the method.
  ///
  /// - Precondition: The weight is positive.
  public init(
    regularization: Double = 1e-2, penalty: Penalty = .identity, region: WorkingRegion = .object(margin: 0.1)
  ) {
    precondition(regularization > 0, "a weight of \(regularization)")
    self.regularization = regularization
    self.penalty = penalty
    self.region = region
  }

  /// Computes a susceptibility map.
  public func callAsFunction(_ measurement: FieldMeasurement) throws(QSMError) -> SusceptibilityMap {
    let weight = Float(regularization)
    let problem = try InversionProblem(measurement, region: region)
    return problem.map { kernel in
      switch penalty {
      case .identity: kernel.map { $0 / ($0 * $0 + weight) }
      case .gradient:
        kernel.combined(with: DifferenceKernel(problem.grid).squares) { dipole, square in
          let denominator = dipole * dipole + weight * square
          return denominator > 0 ? dipole / denominator : 0
        }
      }
    }
  }
}

/// The spectrum of forward differences.
struct DifferenceKernel {
  /// `sum_i |1 - exp(-2 pi i k_i / n_i)|^2 / h_i^2` [1/mm^2], axes `[kz, ky, kx]`: that of minus the Laplacian.
  let squares: NDArray<Float>

  init(_ grid: WorkingGrid) { self.init(matrix: grid.matrix, voxelSize: grid.voxelSize) }

  init(matrix: Extents, voxelSize size: SIMD3<Double>) {
    let axes = (0..<3).map { axis in
      (0..<matrix[axis]).map { index in
        (2 - 2 * Double.cos(2 * .pi * Double(index) / Double(matrix[axis]))) / (size[axis] * size[axis])
      }
    }
    let half = matrix.x / 2 + 1
    squares = NDArray(uninitializedShape: [matrix.z, matrix.y, half]) { target in
      var index = 0
      for z in axes[2] {
        for y in axes[1] {
          for x in axes[0][..<half] {
            target[index] = Float(x + y + z)
            index += 1
          }
        }
      }
    }
  }
}
