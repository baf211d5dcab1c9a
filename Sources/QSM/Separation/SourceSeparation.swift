import MRIData
import NDArrays

/// Paramagnetic and diamagnetic susceptibility, told apart by what both do to the relaxation.
///
/// ```
/// chi + zero = p - d,   R2' = r (p + d)          p, d >= 0
/// min ((p - d - chi - zero) / s_chi)^2 / 2 + w ((r (p + d) - R2') / s_R)^2 / 2 + t sum |E (grad p, grad d)|
/// ```
///
/// Iron and myelin add up in `R2'` and cancel in `chi`. Both kinds vary smoothly but for edges, which they share: their joint
/// total variation keeps what noise does to two maps out of the difference of the two, and gives voxels whose rate is unknown, or
/// little known (`w`), what their neighbours have. Where a magnitude has edges, change costs less (`E`), as in MEDI; and beside
/// them the rate is believed less, since images ring there and voxels of two tissues decay with two rates. The relaxivity `r`
/// grows with the field strength. `R2'` is given, or what a relaxation rate without refocusing, R2*, exceeds one with, R2;
/// where that is not known either, a constant takes its place, which tissues of other water content and myelin then miss.
///
/// Both parts are absolute, and a map has an arbitrary zero. The rate tells it: nowhere can `|chi + zero|` exceed
/// `R2' / r`, and the zero that breaks this rule least is taken, unless it is given or R2 is a guess. On simulated heads
/// it errs by 1 to 4 ppb.
///
/// - SeeAlso: H.-G. Shin et al., "chi-separation: Magnetic susceptibility source separation toward iron and myelin
///   mapping in the brain", NeuroImage 240:118371, 2021, doi:10.1016/j.neuroimage.2021.118371, whose voxels are coupled
///   by the dipole kernel as well, and for the relaxivity. P. Blomgren, T. F. Chan, "Color TV: total variation methods for
///   restoration of vector-valued images", IEEE Trans Image Process 7:304, 1998, doi:10.1109/83.661180.
public struct SourceSeparation: Sendable {
  /// The relaxivity of both kinds of sources at 3 T, r [1/(s ppm)].
  public var relaxivity = 137.0
  /// The deviation of the susceptibility, s_chi [ppm].
  public var susceptibilityDeviation = 0.01
  /// The deviation of the rate, s_R [1/s].
  public var rateDeviation = 1.37
  /// The weight of the total variation over the noise that `R2' / r` shows, t s_chi^2 / sigma; 0 separates each voxel by
  /// itself.
  ///
  /// Chosen with the two numbers of edges on three simulated heads of 2x2x4, 1.6x1.6x2 and 0.8x0.8x2 mm, at SNR 60 and 100,
  /// as a compromise among 0.75 to 2.5, couplings of 0.1 to 1 and trusts of 0.3 to 1: what brings the diamagnetic part
  /// nearer still, more smoothing and less trust, takes from both parts of nuclei.
  public var smoothing = 1.4
  /// What finds edges in a magnitude.
  public var edges = EdgeWeights()
  /// The weight of the total variation across an edge; 1 elsewhere.
  public var edgeCoupling = 0.3
  /// How far the rate is believed on both sides of an edge; 1 elsewhere.
  public var edgeTrust = 0.5
  /// The iterations of the smooth problem.
  public var iterations = 100
  /// The absolute susceptibility of the map's zero [ppm]; `nil` finds it by a rate that is known, and takes it for zero
  /// by one that is a guess.
  public var referenceSusceptibility: Double?

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
    /// The absolute susceptibility that was taken for the map's zero [ppm].
    public var referenceSusceptibility: Double
    /// The number of voxels in the mask whose reversible rate is negative or not finite.
    public var voxelsWithoutRate: Int
  }

  /// Separates a map by the reversible relaxation rate R2' [1/s].
  ///
  /// - Parameters:
  ///   - susceptibility: The map [ppm].
  ///   - reversibleRate: R2' [1/s], not finite where it is unknown.
  ///   - trust: How far the rate is believed, from 0 to 1; everywhere alike unless given.
  ///   - magnitude: An image, one volume, in whose edges sources may change; the first echo shows most of them.
  ///   - mask: Where sources are wanted (not zero).
  ///   - fieldStrength: The static field [T].
  /// - Throws: ``QSMError/gridMismatch(name:_:field:)``, ``QSMError/notOneVolume(name:count:)``,
  ///   ``QSMError/badFieldStrength(_:)``, ``QSMError/emptyMask``.
  public func callAsFunction(
    _ susceptibility: ImageVolumes<Float>, reversibleRate: ImageVolumes<Float>,
    trust: ImageVolumes<Float>? = nil, magnitude: ImageVolumes<Float>? = nil, mask: ImageVolumes<UInt8>,
    fieldStrength: Double
  ) throws(QSMError) -> Sources {
    try separate(
      susceptibility, reversibleRate, trust, magnitude, mask, fieldStrength, zero: referenceSusceptibility)
  }

  /// Separates a map by R2* [1/s] and what of it is irreversible.
  ///
  /// - Throws: What the separation by R2' throws.
  public func callAsFunction(
    _ susceptibility: ImageVolumes<Float>, relaxation: ImageVolumes<Float>,
    trust: ImageVolumes<Float>? = nil, irreversible: Irreversible, magnitude: ImageVolumes<Float>? = nil,
    mask: ImageVolumes<UInt8>, fieldStrength: Double
  ) throws(QSMError) -> Sources {
    try WorkingGrid.check(relaxation, "R2*", on: susceptibility.geometry)
    let reversible: NDArray<Float>
    var zero = referenceSusceptibility
    switch irreversible {
    case .constant(let rate):
      reversible = relaxation.voxels.map { $0 - Float(rate) }
      zero = zero ?? 0
    case .map(let map):
      try WorkingGrid.check(map, "R2", on: susceptibility.geometry)
      reversible = relaxation.voxels.combined(with: map.voxels) { $0 - $1 }
    }
    return try separate(
      susceptibility, ImageVolumes(reversible, geometry: relaxation.geometry), trust, magnitude, mask,
      fieldStrength, zero: zero)
  }

  private func separate(
    _ susceptibility: ImageVolumes<Float>, _ rate: ImageVolumes<Float>, _ trust: ImageVolumes<Float>?,
    _ magnitude: ImageVolumes<Float>?, _ mask: ImageVolumes<UInt8>, _ fieldStrength: Double, zero: Double?
  ) throws(QSMError) -> Sources {
    precondition(
      relaxivity > 0 && susceptibilityDeviation > 0 && rateDeviation > 0 && smoothing >= 0 && iterations >= 0,
      "a relaxivity of \(relaxivity), deviations of \(susceptibilityDeviation) and \(rateDeviation), smoothing \(smoothing)"
    )
    precondition(
      (0...1).contains(edgeCoupling) && (0...1).contains(edgeTrust),
      "a coupling of \(edgeCoupling) and a trust of \(edgeTrust) at edges")
    guard fieldStrength > 0, fieldStrength < .infinity else { throw .badFieldStrength(fieldStrength) }
    let geometry = susceptibility.geometry
    guard susceptibility.count == 1 else {
      throw .notOneVolume(name: "susceptibility", count: susceptibility.count)
    }
    try WorkingGrid.check(rate, "reversible rate", on: geometry)
    try WorkingGrid.check(mask, "mask", on: geometry)
    if let trust { try WorkingGrid.check(trust, "trust", on: geometry) }
    if let magnitude { try WorkingGrid.check(magnitude, "magnitude", on: geometry) }
    let relaxivity = relaxivity * fieldStrength / 3
    var problem = SeparationProblem(
      susceptibility.voxels, sum: rate.voxels.map { $0 / Float(relaxivity) }, trust: trust?.voxels,
      edges: magnitude.map {
        .init(
          magnitude: $0[0], weights: edges, voxelSize: geometry.voxelSize * 1e3,
          coupling: Float(edgeCoupling),
          trust: Float(edgeTrust))
      }, mask: mask.voxels, matrix: geometry.matrix)
    guard problem.count > 0 else { throw .emptyMask }
    // In units of its deviation a datum counts as much as the other.
    let ratio = relaxivity * susceptibilityDeviation / rateDeviation
    let reference = zero ?? problem.leastViolation()
    problem.begin(zero: Float(reference), rateWeight: Float(ratio * ratio))
    if smoothing > 0 { problem.smooth(Float(smoothing * problem.sumDeviation), iterations: iterations) }
    let parts = problem.parts()
    return Sources(
      paramagnetic: ImageVolumes(parts.paramagnetic, geometry: geometry),
      diamagnetic: ImageVolumes(parts.diamagnetic, geometry: geometry), referenceSusceptibility: reference,
      voxelsWithoutRate: problem.withoutRate)
  }
}
