import NDArrays
import Numerics

/// A number that tells how alike an image and a reference are.
///
/// Images are arrays `[y, x]` or `[z, y, x]` of real numbers: maps, magnitudes, or phases that are taken as they are.
/// A mask chooses the voxels that count; without one, all do.
///
///     let similarity = try SSIM.matlab(dataRange: 1).value(of: map, against: truth, within: brain)
public protocol ImageMetric: Sendable {
  /// What tables for programs call it, such as `nrmse_demeaned`.
  var key: String { get }
  /// What reports call it, with what it depends on.
  var name: String { get }

  /// How alike two images are.
  ///
  /// - Throws: ``EvaluationError`` if voxels that count are not finite, if none counts, or if the metric is not defined
  ///   for these images.
  /// - Precondition: All arrays have the same shape.
  func value(
    of image: NDArray<Float>, against reference: NDArray<Float>, within mask: NDArray<Bool>?
  ) throws(EvaluationError) -> Double
}

extension ImageMetric {
  /// How alike two images are, all voxels counting.
  public func value(
    of image: NDArray<Float>, against reference: NDArray<Float>
  ) throws(EvaluationError) -> Double {
    try value(of: image, against: reference, within: nil)
  }
}

/// A voxel that can be compared: real or complex.
public protocol ComparableVoxel: ArrayElement {
  /// The voxel in double precision; a real one has no imaginary part.
  var sample: Complex<Double> { get }
}

extension Float: ComparableVoxel {
  /// The voxel in double precision.
  public var sample: Complex<Double> { Complex(Double(self), 0) }
}

extension Complex: ComparableVoxel where RealType == Float {
  /// The voxel in double precision.
  public var sample: Complex<Double> { Complex<Double>(Double(real), Double(imaginary)) }
}
