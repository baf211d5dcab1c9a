import Files
import ImageFiles
import MRIData
import NDArrays
import QSM

extension SusceptibilityMaps {
  /// Para- and diamagnetic sources, by the relaxation that both add to.
  ///
  /// Where the total field is known, what its gradient through voxels adds to R2* is taken away first.
  ///
  /// - Parameters:
  ///   - maps: What the map was made of; its R2* counts.
  ///   - irreversible: What of R2* no sources of susceptibility make: a map of R2, or a constant.
  ///   - separation: The method.
  /// - Throws: ``MappingError/noRelaxation`` without R2*, ``MappingError/implausibleR2(median:reason:)`` for a
  ///   map that is none of R2, ``QSMError`` if volumes do not fit each other.
  public func sources(
    of maps: EchoMaps, irreversible: SourceSeparation.Irreversible, by separation: SourceSeparation = .init()
  ) throws -> SourceSeparation.Sources {
    guard let r2Star = maps.r2Star else { throw MappingError.noRelaxation }
    let corrected = try totalField.map {
      try IntravoxelDephasing()(r2Star, field: $0, mask: mask.volume, echoTimes: maps.parameters.echoTimes)
    }
    var irreversible = irreversible
    if case .map(let rates) = irreversible {
      irreversible = .map(try plausible(rates, beside: r2Star))
    }
    return try separation(
      susceptibility, relaxation: corrected?.rates ?? r2Star, trust: corrected?.trust,
      irreversible: irreversible,
      magnitude: maps.magnitude.map { ImageVolumes($0[0], geometry: $0.geometry) }, mask: local.mask,
      fieldStrength: maps.parameters.fieldStrength)
  }

  /// What sources follow from, with all parameters.
  var separationMethods: [MethodConfiguration] {
    (totalField == nil ? [] : [IntravoxelDephasing().configuration]) + [SourceSeparation().configuration]
  }

  /// R2 where nobody has measured it [1/s].
  private static let usualR2 = 12.0

  /// Para- and diamagnetic sources by a file of R2, or by the same R2 everywhere; adds what was assumed.
  ///
  /// - Parameters:
  ///   - maps: What the map was made of; its R2* counts.
  ///   - path: A NIfTI volume of R2 [1/s]; `nil` where there is none.
  ///   - ignoringAffine: Whether it is taken voxel by voxel wherever its header says that it lies.
  /// - Throws: As ``sources(of:irreversible:by:)``; ``InputError`` if the volume lies elsewhere, ``FileError``.
  public mutating func separateSources(
    of maps: EchoMaps, r2 path: String?, ignoringAffine: Bool = false
  ) throws -> SourceSeparation.Sources {
    var irreversible = SourceSeparation.Irreversible.constant(Self.usualR2)
    if let path {
      let file = try NIfTIFile(at: path)
      let placed = try file.volumes(
        on: maps.geometry, "map of R2", like: "the phase", ignoringAffine: ignoringAffine)
      irreversible = .map(placed.volumes)
      assumptions += file.remarks + [placed.remark].compactMap(\.self)
    } else {
      assumptions.append(
        "R2 is not known and was taken for \(Int(Self.usualR2)) /s everywhere: where it differs, sources are off by the same "
          + "in R2'.")
    }
    if totalField != nil {
      assumptions.append(
        "What the field's gradient through voxels adds to R2* was taken away, as if voxels averaged what is in them; where it "
          + "leaves less than half of the last echo, R2* counts as unknown.")
    }
    let sources = try sources(of: maps, irreversible: irreversible)
    if path != nil {
      let zero = (1000 * sources.referenceSusceptibility).rounded(1)
      assumptions.append(
        "The map's zero was taken for \(zero) ppb of absolute susceptibility, with which it exceeds least what R2' allows."
      )
    } else {
      assumptions.append(
        "The map's zero was taken for matter without susceptibility: where it is not, both kinds of sources are off by half "
          + "of what it has.")
    }
    if sources.voxelsWithoutRate > 0 {
      assumptions.append(
        "R2* is below R2 or unknown in \(counted(sources.voxelsWithoutRate, "voxel")), which take what their neighbours have."
      )
    }
    return sources
  }

  /// A map of R2 [1/s] in which rates that are not positive count as unknown.
  private func plausible(
    _ rates: ImageVolumes<Float>, beside r2Star: ImageVolumes<Float>
  ) throws -> ImageVolumes<Float> {
    let inside = local.mask[0].map { $0 != 0 }
    guard rates.count == 1, rates.geometry.matrix == local.mask.geometry.matrix else { return rates }
    let sorted = rates[0].sorted(within: inside)
    guard let median = sorted.middle.map(Double.init) else { return rates }
    let negative = sorted.count { $0 < 0 }
    if 100 * negative > sorted.count {
      throw MappingError.implausibleR2(
        median: median, reason: "\(negative) of \(sorted.count) values are negative")
    }
    guard (1...200).contains(median) else {
      throw MappingError.implausibleR2(
        median: median, reason: "R2 of tissue is between 1 and 200 1/s, and T2 or rates per ms are not R2")
    }
    if let middle = r2Star[0].sorted(within: inside).middle.map(Double.init), middle > 0,
      median > 1.5 * middle
    {
      throw MappingError.implausibleR2(
        median: median,
        reason:
          "R2* of the scan, which no R2 exceeds, has a median of \(middle.rounded(1)) 1/s; is it T2 in ms?")
    }
    return rates.map { $0 > 0 ? $0 : .nan }
  }
}
