import ChannelCombination
import Files
import ImageFiles
import MRIData
import NDArrays
import Numerics
import PhaseUnwrapping
import QSM

extension ImageSource {
  /// Reads the scan.
  ///
  /// - Throws: ``InputError`` if something is missing or contradictory that cannot be assumed, ``FileError``, and what
  ///   making a field of echoes throws.
  public func maps() throws -> EchoMaps { try read(within: nil).maps }

  /// Reads the scan and the mask that its maps will be used in, which values of a field are judged in.
  ///
  /// - Parameter mask: The NIfTI file of the mask.
  /// - Throws: As ``maps()``, and ``InputError`` if the mask lies elsewhere or is none.
  public func read(within mask: String?) throws -> (maps: EchoMaps, mask: BrainMask?) {
    let maps: EchoMaps
    switch content {
    case .echoes(let phase, let magnitude): maps = try readEchoes(phase, magnitude)
    case .fieldMap(let field, let noise, let r2Star, let magnitude):
      maps = try readFieldMap(field, noise, r2Star, magnitude)
    case .field(let field, let stage, let noise, let magnitude):
      return try readField(field, stage, noise, magnitude, within: mask)
    }
    return try (
      maps,
      mask.map { try BrainMask(at: $0, on: maps.geometry, ignoringAffine: ignoresAffine(of: maps)) }
    )
  }

  /// Whether masks are taken voxel by voxel wherever their headers say that they lie.
  func ignoresAffine(of maps: EchoMaps) -> Bool { reading.ignoresAffine || !maps.isPlaced }

  /// A wrapped field map of a reconstruction, and what lies beside it.
  private func readFieldMap(
    _ field: String, _ noise: String?, _ r2Star: String?, _ magnitude: [String]
  ) throws -> EchoMaps {
    if reading.fieldMapping is EchoPhaseField {
      throw InputError(
        name, "this folder holds MDI's field map, and MDI's echoes have no phase of their own",
        remedy: "Reconstruct with `combine: mcpc3ds` for that field")
    }
    let sidecar = try Sidecar(at: NamedImage.sidecar(of: field))
    guard case .number(let period)? = sidecar.extra["FieldPeriod"], period > 0 else {
      throw InputError(
        NamedImage.sidecar(of: field), "FieldPeriod [Hz], at which the field repeats, is missing",
        remedy: "Write the map again, or start from the echoes with `magnitude` and `phase`")
    }
    var assumptions: [String] = []
    var map = try Self.series([field], scaling: .applied, &assumptions)
    let direction = fieldDirection(sidecar, of: field, map.geometry, &assumptions)
    func companion(_ path: String?, _ kind: String) throws -> ImageVolumes<Float>? {
      try path.map {
        try placed([$0], kind, on: map.geometry, of: field, like: "the field map", &assumptions)
      }
    }
    let echoes = try placed(
      magnitude, "magnitude", on: map.geometry, of: field, like: "the field map", &assumptions)
    let times = try echoTimes(of: magnitude, count: echoes.count, &assumptions)
    // MDI's images have the toolkit's sign whatever the raw data had.
    if reading.phaseSign == .negative { map = map.map { -$0 } }
    let known = reading.fitsR2Star ? nil : try companion(r2Star, "map of R2*")
    let noise = try companion(noise, "noise of the field")
    let rates = try known ?? fittedR2Star(echoes, times, &assumptions)
    return EchoMaps(
      magnitude: echoes, field: FieldMap(map, noise: noise, stage: .wrapped(period: period)), r2Star: rates,
      parameters: ScanParameters(
        echoTimes: times, fieldStrength: try fieldStrength(sidecar, field, &assumptions)),
      geometry: map.geometry, fieldDirection: direction, combination: sidecar.coilCombinationMethod,
      isSignKnown: sidecar.phaseSign != nil || reading.phaseSign != nil, isPlaced: try isPlaced(field),
      assumptions: assumptions)
  }

  /// Whether a file says where it lies.
  private func isPlaced(_ path: String) throws -> Bool { try NIfTIFile(at: path).hasOrientation }

  /// A field that is unwrapped already, in whatever unit.
  private func readField(
    _ path: String, _ stage: FieldMap.Stage, _ noise: String?, _ magnitude: [String], within mask: String?
  ) throws -> (maps: EchoMaps, mask: BrainMask?) {
    var warnings: [String] = []
    var assumptions: [String] = []
    let sidecar = Sidecar(readableAt: NamedImage.sidecar(of: path))
    let stored = try Self.series([path], scaling: .applied, &assumptions)
    guard stored.count == 1 else {
      throw InputError(path, "the field holds \(stored.count) volumes", remedy: "Give a file of one volume")
    }
    let direction = fieldDirection(sidecar, of: path, stored.geometry, &assumptions)
    let strength = try fieldStrength(sidecar, path, &assumptions)
    let echoes =
      magnitude.isEmpty
      ? nil
      : try placed(magnitude, "magnitude", on: stored.geometry, of: path, like: "the field", &assumptions)
    let times = try fieldEchoTimes(path, &assumptions)
    let brain = try mask.map {
      try BrainMask(
        at: $0, on: stored.geometry, ignoringAffine: reading.ignoresAffine || !isPlaced(path))
    }
    let values = try FieldValues(stored, within: brain, path)
    let factor = try hertzPerUnit(of: values, stage, sidecar, path, strength: strength, &assumptions)
    if let warning = factor.warning { warnings.append(warning) }
    if stage == .total, let wrap = values.wrap {
      let problem =
        "the field has wraps: its values fill an interval of \(Double(wrap).rounded(3)) \(factor.unit.rawValue) to both ends, "
        + "and many neighbours lie the whole interval apart"
      guard brain == nil else {
        throw InputError(
          path, problem,
          remedy: "Unwrap it first, or give the phase of the echoes (`phase`), which is unwrapped here"
        )
      }
      warnings.append("\(path): \(problem). Unwrap it first.")
    }
    let sign: Float = reading.phaseSign == .negative ? -1 : 1
    let deviation = try noise.map {
      try placed([$0], "noise of the field", on: stored.geometry, of: path, like: "the field", &assumptions)
        .map { $0 * factor.hertz }
    }
    var maps = EchoMaps(
      magnitude: echoes,
      field: FieldMap(
        stored.map { $0.isFinite ? $0 * factor.hertz * sign : .nan }, noise: deviation, stage: stage),
      parameters: ScanParameters(echoTimes: times, fieldStrength: strength), geometry: stored.geometry,
      fieldDirection: direction, isPlaced: try isPlaced(path), assumptions: assumptions)
    maps.warnings = warnings
    return (maps, brain)
  }

  /// The echo times that are stated of a field; none where a sidecar's cannot be, as a field in most units needs none.
  private func fieldEchoTimes(_ path: String, _ assumptions: inout [String]) throws -> [Double] {
    let remedy = "Give it (`echoTimes`)"
    if let times = reading.echoTimes {
      try Plausibility.check(echoTimes: times, path, remedy: remedy)
      return times
    }
    let times = Self.times(in: NamedImage.sidecar(of: path))
    do {
      try Plausibility.check(echoTimes: times, path, remedy: remedy)
      return times
    } catch {
      assumptions.append("\(path): the echo times of its sidecar, \(times) s, cannot be, and were not used.")
      return []
    }
  }

  /// How many hertz one unit of a stored field is, and what speaks against the unit.
  private func hertzPerUnit(
    of values: FieldValues, _ stage: FieldMap.Stage, _ sidecar: Sidecar, _ path: String, strength: Double,
    _ assumptions: inout [String]
  ) throws -> (hertz: Float, unit: ImageUnits, warning: String?) {
    let perMillion = strength * ScanParameters.protonGyromagneticRatio * 1e-6
    var factors: [ImageUnits: Double] = [
      .hertz: 1, .radiansPerSecond: 1 / (2 * Double.pi), .partsPerMillion: perMillion,
      .partsPerBillion: 1e-3 * perMillion,
    ]
    let unit: ImageUnits
    if let stated = try reading.fieldUnit ?? sidecar.fieldUnit(path), stated != .arbitrary {
      unit = stated
    } else {
      unit = try values.presumedUnit(path)
      assumptions.append(
        "\(path): the unit of the field is not stated; values up to \(values.typical) (99 % of those that count) were taken "
          + "for \(unit.rawValue) (`fieldUnit` states it).")
    }
    if unit == .radians {
      let times = reading.echoTimes ?? Self.times(in: NamedImage.sidecar(of: path))
      guard times.count == 1 else {
        throw InputError(
          path, "a field in radians needs the echo time that it was measured at",
          remedy: "Give it (`echoTimes`)")
      }
      try Plausibility.check(echoTimes: times, path, remedy: "Give it (`echoTimes`)")
      factors[.radians] = 1 / (2 * Double.pi * times[0])
    }
    guard let factor = factors[unit] else {
      throw InputError(
        path, "the unit of the field is \(unit.rawValue)",
        remedy: "State one of Hz, rad/s, ppm, ppb and rad (`fieldUnit`)")
    }
    let warning = try values.check(
      stage, in: unit, partsPerMillion: factor / perMillion,
      others: factors.mapValues { $0 / perMillion }.filter { $0.key != unit }, path)
    return (Float(factor), unit, warning)
  }

  /// Refuses echoes that hold nothing: values that are all the same, or none that is finite.
  ///
  /// They would be fitted like the others. Magnitudes of one value other than zero are those of normalised images.
  private static func checkEchoes(
    of volumes: ImageVolumes<Float>, _ paths: [String], _ name: String,
    isNothing: (Float) -> Bool = { _ in true }
  ) throws(InputError) {
    for echo in 0..<volumes.count where volumes[echo].count > 1 {
      let finite = volumes[echo].elements.lazy.filter(\.isFinite)
      guard let first = finite.first else {
        throw InputError(
          paths[paths.count > echo ? echo : 0], "\(name) of echo \(echo + 1) is not finite anywhere",
          remedy: "Leave the echo out, or export it again")
      }
      if isNothing(first), finite.allSatisfy({ $0 == first }) {
        throw InputError(
          paths[paths.count > echo ? echo : 0], "\(name) of echo \(echo + 1) is \(first) everywhere",
          remedy: "Leave the echo out, or export it again")
      }
    }
  }

  /// Echoes as magnitude and phase.
  private func readEchoes(_ phasePaths: [String], _ magnitudePaths: [String]) throws -> EchoMaps {
    var assumptions: [String] = []
    var warnings = sidecarDoubts(phasePaths, magnitudePaths)
    var phase = try readPhase(phasePaths, &assumptions, &warnings)
    try Self.checkEchoes(of: phase, phasePaths, "the phase")
    let sidecar = Sidecar(readableAt: NamedImage.sidecar(of: phasePaths[0]))
    let direction = fieldDirection(sidecar, of: phasePaths[0], phase.geometry, &assumptions)
    var magnitude: ImageVolumes<Float>?
    if magnitudePaths.isEmpty {
      assumptions.append(
        "There is no magnitude: all echoes count alike, and a mask has to come from the phase or from a file."
      )
    } else {
      let placed = try placed(
        magnitudePaths, "magnitude", on: phase.geometry, of: phasePaths[0], like: "the phase", &assumptions)
      if placed.count != phase.count {
        throw InputError(
          magnitudePaths[0], "there are \(placed.count) magnitude volumes and \(phase.count) phase volumes",
          remedy: "Give one of each for every echo")
      }
      try Self.checkEchoes(of: placed, magnitudePaths, "the magnitude") { $0 == 0 }
      magnitude = placed
    }
    let times = try echoTimes(of: phasePaths, count: phase.count, &assumptions)
    let strength = try fieldStrength(sidecar, phasePaths[0], &assumptions)
    if reading.phaseSign == .negative { phase = phase.map { -$0 } }
    // NaN has no phase, and its magnitude says so.
    let lengths = magnitude ?? phase.map { $0.isFinite ? 1 : 0 }
    let invalid = zip(phase.voxels.elements, lengths.voxels.elements).count {
      !$0.0.isFinite || !$0.1.isFinite
    }
    if invalid > 0 { assumptions.append("\(invalid) values that are not finite were taken for no signal.") }
    let echoes = Self.complex(lengths, phase)
    let parameters = ScanParameters(
      echoTimes: times, fieldStrength: strength,
      polarities: try polarities(of: phasePaths, count: phase.count, &assumptions))
    if let consistency = EchoConsistency(echoes, echoTimes: times) {
      try consistency.check(phasePaths)
      warnings += consistency.warnings(isBipolar: Set(parameters.polarities).count > 1)
    }
    if let doubt = magnitude?.growth { warnings.append(doubt) }
    var maps: EchoMaps
    if phase.count == 1 {
      assumptions.append(
        "There is one echo: its phase is taken for 2 pi f TE alone, without the receiver's own, which is left to the "
          + "removal of the background.")
      let period = 1 / times[0]
      let field = phase.map { $0.isFinite ? $0 * Float(period / (2 * Double.pi)) : 0 }
      maps = EchoMaps(
        field: FieldMap(field, stage: .wrapped(period: period)), parameters: parameters,
        geometry: phase.geometry)
    } else {
      maps = try reading.fieldMapping(echoes, parameters)
      if reading.fitsR2Star || maps.r2Star == nil {
        maps.r2Star = try magnitude.flatMap { try fittedR2Star($0, times, &assumptions) }
      }
    }
    maps.phase = phase
    maps.magnitude = magnitude.map { _ in echoes.map(\.length) }
    maps.fieldDirection = direction
    maps.combination = sidecar.coilCombinationMethod
    maps.isPlaced = try isPlaced(phasePaths[0])
    maps.isSignKnown = sidecar.phaseSign != nil || reading.phaseSign != nil
    maps.assumptions = assumptions + maps.assumptions
    maps.warnings = warnings + maps.warnings
    return maps
  }
}

extension ImageVolumes<Float> {
  /// Says that the magnitude grows from the first echo to the last; `nil` where it does not.
  ///
  /// Images that come in the reverse order of their echo times look alike in all else: their phase runs evenly, and the
  /// map has the other sign.
  fileprivate var growth: String? {
    guard count > 1 else { return nil }
    let sums = [0, count - 1].map { echo in
      self[echo].elements.reduce(0.0) { $1.isFinite ? $0 + Double($1) * Double($1) : $0 }
    }
    guard sums[0] > 0, sums[1] > 1.1 * sums[0] else { return nil }
    return
      "The magnitude grows by \(Int((100 * ((sums[1] / sums[0]).squareRoot() - 1)).rounded())) % from the first echo to the "
      + "last, and no signal does: check that the images come in the order of their echo times (`echoTimes`), as the map would "
      + "have the other sign, and that all echoes have one scale."
  }
}
