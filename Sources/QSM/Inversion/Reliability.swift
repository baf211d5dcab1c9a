import MRIData
import NDArrays

/// How far a susceptibility map can be trusted in each voxel, from 0 to 1.
///
/// ```
/// min(1, s / s_i) / max(1, |f - D chi| / (3 d))
/// ```
///
/// with `s_i` the noise of the field and `s` its median, `f - D chi` what the map leaves unexplained of the field and `d`
/// its typical deviation. The first factor falls where there is little signal, the second where the field has another
/// cause than susceptibility within the mask: flow, motion, wrong turns, background at the rim. An error spreads along the
/// dipole's cone, which one number for a voxel does not tell.
public struct Reliability: Sendable {
  /// Creates the measure.
  public init() {}

  /// The reliability of a map; zero outside its mask.
  ///
  /// - Throws: ``QSMError`` if the volumes do not fit each other.
  public func callAsFunction(
    of map: SusceptibilityMap, for measurement: FieldMeasurement
  ) throws(QSMError) -> ImageVolumes<Float> {
    let problem = try InversionProblem(measurement, region: .surroundings)
    let grid = problem.grid, mean = Float(map.referenceValue)
    var susceptibility = grid.load(map.susceptibility).map { $0 + mean }
    susceptibility.keepOnly(grid.mask)
    let model = DipoleKernel(grid).field(of: susceptibility)
    var rest = problem.field.combined(with: model) { abs($0 - $1) }
    rest.keepOnly(grid.mask)
    let typical = rest.percentile(0.5, within: grid.mask) / 0.674_489_75
    rest = rest.map { typical > 0 ? 1 / max(1, $0 / (3 * typical)) : 1 }
    if let noise = measurement.fieldNoise {
      let deviations = grid.load(noise)
      let isKnown = deviations.combined(with: grid.mask) { $0 > 0 && $1 }
      let median = deviations.percentile(0.5, within: isKnown)
      // A map of zeros says nothing.
      if median > 0 { rest = rest.combined(with: deviations) { $1 > 0 ? $0 * min(1, median / $1) : 0 } }
    }
    rest.keepOnly(grid.mask)
    return grid.store(rest)
  }
}
