import MRIData
import NDArrays

/// Paramagnetic and diamagnetic susceptibility, told apart by what both do to the relaxation.
///
/// ```
/// chi = p - d,   R2' = r (p + d)          p, d >= 0
/// min ((p - d - chi) / s_chi)^2 + ((r (p + d) - R2') / s_R)^2
/// ```
///
/// for each voxel: iron and myelin add up in `R2'` and cancel in `chi`. Where the solution without bounds has a negative
/// part, that part is zero and the other the best one for both data. The relaxivity `r` grows with the field strength.
/// `R2'` is given, or what a relaxation rate without refocusing, R2*, exceeds one with, R2; where that is not known
/// either, a constant takes its place, which tissues of other water content and myelin then miss.
///
/// Both parts are absolute: a map whose zero is the mean of a region is shifted by the susceptibility of that region
/// first, see ``referenceSusceptibility``.
///
/// - SeeAlso: H.-G. Shin et al., "chi-separation: Magnetic susceptibility source separation toward iron and myelin
///   mapping in the brain", NeuroImage 240:118371, 2021, doi:10.1016/j.neuroimage.2021.118371, whose voxels are coupled
///   by the dipole kernel as well, and for the relaxivity.
public struct SourceSeparation: Sendable {
  /// The relaxivity of both kinds of sources at 3 T, r [1/(s ppm)].
  public var relaxivity = 137.0
  /// The deviation of the susceptibility, s_chi [ppm]; only its ratio to that of the rate matters.
  public var susceptibilityDeviation = 0.01
  /// The deviation of the rate, s_R [1/s].
  public var rateDeviation = 1.37
  /// The absolute susceptibility of the region whose mean is the map's zero [ppm].
  public var referenceSusceptibility = 0.0

  /// Creates the method.
  public init() {}

  /// What the irreversible part of the relaxation is taken for.
  public enum Irreversible: Sendable {
    /// A map of R2 [1/s].
    case map(ImageVolumes<Float>)
    /// The same rate everywhere [1/s].
    case constant(Double)
  }

  /// Two kinds of sources.
  public struct Sources: Sendable {
    /// The paramagnetic susceptibility, at least zero [ppm]; zero outside the mask.
    public var paramagnetic: ImageVolumes<Float>
    /// The diamagnetic susceptibility, at most zero [ppm].
    public var diamagnetic: ImageVolumes<Float>
    /// The number of voxels in the mask whose reversible rate is negative or not finite: they count as without sources
    /// of the weaker kind.
    public var voxelsWithoutRate: Int
  }

  /// Separates a map by the reversible relaxation rate R2' [1/s].
  ///
  /// - Throws: ``QSMError/gridMismatch(name:_:field:)``, ``QSMError/notOneVolume(name:count:)``,
  ///   ``QSMError/badFieldStrength(_:)``, ``QSMError/emptyMask``.
  public func callAsFunction(
    _ susceptibility: ImageVolumes<Float>, reversibleRate: ImageVolumes<Float>, mask: ImageVolumes<UInt8>,
    fieldStrength: Double
  ) throws(QSMError) -> Sources {
    precondition(
      relaxivity > 0 && susceptibilityDeviation > 0 && rateDeviation > 0,
      "a relaxivity of \(relaxivity), deviations of \(susceptibilityDeviation) and \(rateDeviation)")
    guard fieldStrength > 0, fieldStrength < .infinity else { throw .badFieldStrength(fieldStrength) }
    let geometry = susceptibility.geometry
    guard susceptibility.count == 1 else {
      throw .notOneVolume(name: "susceptibility", count: susceptibility.count)
    }
    try WorkingGrid.check(reversibleRate, "reversible rate", on: geometry)
    try WorkingGrid.check(mask, "mask", on: geometry)
    let relaxivity = relaxivity * fieldStrength / 3
    // In units of its deviation a datum counts as much as the other.
    let weights = (
      chi: 1 / (susceptibilityDeviation * susceptibilityDeviation),
      rate: relaxivity * relaxivity / (rateDeviation * rateDeviation)
    )
    var positive = susceptibility.voxels.map { _ in Float(0) }, negative = positive
    var inside = 0, without = 0
    positive.withUnsafeMutableBufferPointer { positive in
      negative.withUnsafeMutableBufferPointer { negative in
        susceptibility.voxels.withUnsafeBufferPointer { chi in
          reversibleRate.voxels.withUnsafeBufferPointer { rate in
            mask.voxels.withUnsafeBufferPointer { mask in
              for voxel in chi.indices where mask[voxel] != 0 && chi[voxel].isFinite {
                inside += 1
                let difference = Double(chi[voxel]) + referenceSusceptibility
                let isKnown = rate[voxel].isFinite && rate[voxel] >= 0
                without += isKnown ? 0 : 1
                let sum = isKnown ? Double(rate[voxel]) / relaxivity : abs(difference)
                var p = (sum + difference) / 2, d = (sum - difference) / 2
                if d < 0 {
                  p = (weights.chi * difference + weights.rate * sum) / (weights.chi + weights.rate)
                  d = 0
                } else if p < 0 {
                  d = (weights.rate * sum - weights.chi * difference) / (weights.chi + weights.rate)
                  p = 0
                }
                (positive[voxel], negative[voxel]) = (Float(p), Float(-d))
              }
            }
          }
        }
      }
    }
    guard inside > 0 else { throw .emptyMask }
    return Sources(
      paramagnetic: ImageVolumes(positive, geometry: geometry),
      diamagnetic: ImageVolumes(negative, geometry: geometry), voxelsWithoutRate: without)
  }

  /// Separates a map by R2* [1/s] and what of it is irreversible.
  ///
  /// - Throws: What the separation by R2' throws.
  public func callAsFunction(
    _ susceptibility: ImageVolumes<Float>, relaxation: ImageVolumes<Float>, irreversible: Irreversible,
    mask: ImageVolumes<UInt8>, fieldStrength: Double
  ) throws(QSMError) -> Sources {
    try WorkingGrid.check(relaxation, "R2*", on: susceptibility.geometry)
    let reversible: NDArray<Float>
    switch irreversible {
    case .constant(let rate): reversible = relaxation.voxels.map { $0 - Float(rate) }
    case .map(let map):
      try WorkingGrid.check(map, "R2", on: susceptibility.geometry)
      reversible = relaxation.voxels.combined(with: map.voxels) { $0 - $1 }
    }
    return try self(
      susceptibility, reversibleRate: ImageVolumes(reversible, geometry: relaxation.geometry), mask: mask,
      fieldStrength: fieldStrength)
  }
}
