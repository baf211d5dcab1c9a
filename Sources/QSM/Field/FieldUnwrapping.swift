import MRIData
import NDArrays

/// A wrapped field map, as MDI returns it, unwrapped in space.
///
/// ```
/// phi = 2 pi f / period,   sd(phi) = 2 pi sd(f) / period,   f <- period phi' / 2 pi
/// ```
///
/// The field is a phase whose turn is the period `1 / dTE`. Its edges are judged by the field's coherence and
/// linearity, the magnitude's coherence, and the noise of the field. The result differs from the field by multiples of
/// the period; the median inside of the mask is within half a period of zero.
public struct FieldUnwrapping: Sendable {
  /// How the phase is unwrapped.
  public var method: ROMEO

  /// Creates the method; islands of the mask and regions of little signal get seeds of their own.
  public init(
    method: ROMEO = ROMEO(seeds: 64, mergesRegions: true, correctsGlobalWraps: true)
  ) {
    self.method = method
  }

  /// Unwraps a field.
  ///
  /// - Parameters:
  ///   - field: The field [Hz].
  ///   - period: The interval at which it repeats [Hz].
  ///   - noise: Its standard deviation [Hz].
  ///   - magnitude: A magnitude of the same scan.
  ///   - mask: Where to unwrap: not zero.
  /// - Throws: ``QSMError/nothingToUnwrap`` if the mask holds no signal.
  public func callAsFunction(
    _ field: ImageVolumes<Float>, period: Double, noise: ImageVolumes<Float>? = nil,
    magnitude: ImageVolumes<Float>? = nil, mask: ImageVolumes<UInt8>? = nil
  ) throws(QSMError) -> ImageVolumes<Float> {
    precondition(period > 0, "a field that repeats every \(period) Hz")
    let scale = Float(2 * Double.pi / period)
    let phase = try method(
      field[0].map { $0 * scale }, magnitude: magnitude?[0], mask: mask?[0].map { $0 != 0 },
      noise: noise?[0].map { $0 * scale })
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
