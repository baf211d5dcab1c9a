import MRIData
import NDArrays
import Numerics

/// The field of combined echoes by their unwrapped phases: the phase at `TE = 0` is taken out (``PhaseOffset``), the
/// echoes are unwrapped (``ROMEO``), and a line through the origin is fitted (``PhaseFit``).
///
/// Here for comparison with MDI, which needs no unwrapping before its fit.
///
///     let fit = try EchoPhaseField()(echoes, echoTimes: [0.0033, 0.0064, 0.0095])
public struct EchoPhaseField: Sendable {
  /// How the phase at `TE = 0` is found.
  public var offset: PhaseOffset
  /// How echoes are unwrapped.
  public var unwrapping: ROMEO
  /// How the field is fitted.
  public var fit: PhaseFit

  /// Creates the method.
  public init(
    offset: PhaseOffset = PhaseOffset(),
    unwrapping: ROMEO = ROMEO(seeds: 64, mergesRegions: true, correctsGlobalWraps: true),
    fit: PhaseFit = PhaseFit(hasIntercept: false)
  ) {
    self.offset = offset
    self.unwrapping = unwrapping
    self.fit = fit
  }

  /// Finds the field, which is unwrapped.
  ///
  /// - Parameters:
  ///   - echoes: The complex echoes.
  ///   - echoTimes: The echo times [s], at least two; three where readouts alternate.
  ///   - alternates: Whether every other echo was read out backwards.
  /// - Throws: ``PhaseUnwrappingError/echoTimes(_:needed:)`` if there are too few, ``PhaseUnwrappingError/nothingToUnwrap``.
  public func callAsFunction(
    _ echoes: ImageVolumes<Complex<Float>>, echoTimes: [Double], alternates: Bool = false
  ) throws(PhaseUnwrappingError) -> PhaseFit.Result {
    let images = try offset(echoes.voxels, echoTimes: echoTimes, alternates: alternates)
    let magnitude = images.map(\.length)
    let phase = try unwrapping(
      images.map { $0 == .zero ? 0 : $0.phase }, echoTimes: echoTimes, magnitude: magnitude)
    return try fit(phase, echoTimes: echoTimes, magnitude: magnitude)
  }
}
