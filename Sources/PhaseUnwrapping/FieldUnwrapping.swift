import MRIData
import NDArrays

/// A wrapped field map, as MDI returns it, unwrapped in space.
///
/// ```
/// phi = 2 pi f / period,   sd(phi) = 2 pi sd(f) / period,   f <- period phi' / 2 pi
/// ```
///
/// The field is a phase whose turn is the period `1 / dTE`. Its edges are judged by the field's coherence and
/// linearity, the magnitude's coherence, and the noise of the field. By region growing the result differs from the
/// field by multiples of the period, and the median inside of the mask is within half a period of zero; the Laplacian
/// gives a smooth compromise instead, see ``LaplacianUnwrapping``.
public struct FieldUnwrapping: Sendable {
  /// How a phase is unwrapped.
  public enum Method: Sendable, Equatable {
    /// Along the most reliable edges first.
    case regionGrowing(ROMEO)
    /// By the Poisson equation.
    case laplacian
  }

  /// How the phase is unwrapped.
  public var method: Method

  /// Creates the method; by default islands of the mask and regions of little signal get seeds of their own.
  public init(
    method: Method = .regionGrowing(ROMEO(seeds: 64, mergesRegions: true, correctsGlobalWraps: true))
  ) {
    self.method = method
  }

  /// Unwraps a field.
  ///
  /// - Parameters:
  ///   - field: The field [Hz].
  ///   - period: The interval at which it repeats [Hz]; infinite for a field that needs no unwrapping.
  ///   - noise: Its standard deviation [Hz].
  ///   - magnitude: A magnitude of the same scan.
  ///   - mask: Where to unwrap: not zero.
  /// - Throws: ``PhaseUnwrappingError/nothingToUnwrap`` if the mask holds no signal.
  public func callAsFunction(
    _ field: ImageVolumes<Float>, period: Double, noise: ImageVolumes<Float>? = nil,
    magnitude: ImageVolumes<Float>? = nil, mask: ImageVolumes<UInt8>? = nil
  ) throws(PhaseUnwrappingError) -> ImageVolumes<Float> {
    precondition(period > 0, "a field that repeats every \(period) Hz")
    if period == .infinity { return field }
    let scale = Float(2 * Double.pi / period), wrapped = field[0].map { $0 * scale }
    let inside = mask?[0].map { $0 != 0 }
    let phase: NDArray<Float>
    switch method {
    case .laplacian:
      phase = LaplacianUnwrapping()(wrapped, voxelSize: field.geometry.voxelSize, mask: inside)
      return ImageVolumes(phase.map { $0 / scale }, geometry: field.geometry)
    case .regionGrowing(let method):
      phase = try method(
        wrapped, magnitude: magnitude?[0], mask: inside, noise: noise?[0].map { $0 * scale })
    }
    // Whole turns are added to the field itself, so that nothing but they change.
    let result = NDArray(uninitializedShape: phase.shape) { (target: UnsafeMutableBufferPointer<Float>) in
      phase.withUnsafeBufferPointer { phase in
        field.voxels.withUnsafeBufferPointer { field in
          for index in target.indices {
            let turns = roundedAway((phase[index] - field[index] * scale) / Turn.full)
            target[index] = turns == 0 ? field[index] : field[index] + Float(period) * turns
          }
        }
      }
    }
    return ImageVolumes(result, geometry: field.geometry)
  }
}
