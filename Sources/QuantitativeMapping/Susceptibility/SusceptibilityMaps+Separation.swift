import MRIData
import QSM

extension SusceptibilityMaps {
  /// Para- and diamagnetic sources, by the relaxation that both add to.
  ///
  /// - Parameters:
  ///   - maps: What the map was made of; its R2* counts.
  ///   - irreversible: What of R2* no sources of susceptibility make: a map of R2, or a constant.
  ///   - separation: The method.
  /// - Throws: ``MappingError/noRelaxation`` without R2*, ``QSMError`` if volumes do not fit each other.
  public func sources(
    of maps: EchoMaps, irreversible: SourceSeparation.Irreversible, by separation: SourceSeparation = .init()
  ) throws -> SourceSeparation.Sources {
    guard let r2Star = maps.r2Star else { throw MappingError.noRelaxation }
    return try separation(
      susceptibility, relaxation: r2Star, irreversible: irreversible, mask: local.mask,
      fieldStrength: maps.parameters.fieldStrength)
  }
}
