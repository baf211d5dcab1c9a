/// What the signal of a tissue depends on.
public struct TissueProperties: Sendable, Equatable {
  /// The magnetic susceptibility relative to water [ppm]; positive is paramagnetic.
  public var susceptibility: Double
  /// The part of the susceptibility that diamagnetic matter such as myelin has [ppm], at most zero; the rest is iron's.
  public var diamagneticSusceptibility: Double
  /// The effective transverse relaxation rate R2* [1/s].
  public var transverseRelaxationRate: Double
  /// The longitudinal relaxation time T1 [s].
  public var longitudinalRelaxationTime: Double
  /// The proton density relative to water.
  public var protonDensity: Double
}
