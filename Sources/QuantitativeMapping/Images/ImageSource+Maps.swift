import ChannelCombination
import Files
import ImageFiles
import MRIData
import NDArrays
import Numerics
import QSM

extension ImageSource {
  /// Reads the scan.
  ///
  /// - Throws: ``InputError`` if something is missing or contradictory that cannot be assumed, ``FileError``, and what
  ///   making a field of echoes throws.
  public func maps() throws -> EchoMaps {
    switch content {
    case .echoes(let phase, let magnitude): try readEchoes(phase, magnitude)
    case .fieldMap(let field, let noise, let r2Star, let magnitude):
      try readFieldMap(field, noise, r2Star, magnitude)
    case .field(let field, let stage, let noise, let magnitude):
      try readField(field, stage, noise, magnitude)
    }
  }

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
    let direction = try fieldDirection(sidecar, map.geometry, &assumptions)
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
    _ path: String, _ stage: FieldMap.Stage, _ noise: String?, _ magnitude: [String]
  ) throws -> EchoMaps {
    var assumptions: [String] = []
    let sidecar = Sidecar(readableAt: NamedImage.sidecar(of: path))
    let stored = try Self.series([path], scaling: .applied, &assumptions)
    guard stored.count == 1 else {
      throw InputError(path, "the field holds \(stored.count) volumes", remedy: "Give a file of one volume")
    }
    let direction = try fieldDirection(sidecar, stored.geometry, &assumptions)
    let strength = try fieldStrength(sidecar, path, &assumptions)
    let echoes =
      magnitude.isEmpty
      ? nil
      : try placed(magnitude, "magnitude", on: stored.geometry, of: path, like: "the field", &assumptions)
    let times = reading.echoTimes ?? Self.times(in: NamedImage.sidecar(of: path))
    let factor = try hertzPerUnit(of: stored, stage, sidecar, path, strength: strength, times, &assumptions)
    let sign: Float = reading.phaseSign == .negative ? -1 : 1
    let deviation = try noise.map {
      try placed([$0], "noise of the field", on: stored.geometry, of: path, like: "the field", &assumptions)
        .map { $0 * factor }
    }
    return EchoMaps(
      magnitude: echoes,
      field: FieldMap(stored.map { $0.isFinite ? $0 * factor * sign : 0 }, noise: deviation, stage: stage),
      parameters: ScanParameters(echoTimes: times, fieldStrength: strength), geometry: stored.geometry,
      fieldDirection: direction, isPlaced: try isPlaced(path), assumptions: assumptions)
  }

  /// How many hertz one unit of a stored field is.
  private func hertzPerUnit(
    of field: ImageVolumes<Float>, _ stage: FieldMap.Stage, _ sidecar: Sidecar, _ path: String,
    strength: Double, _ times: [Double], _ assumptions: inout [String]
  ) throws -> Float {
    var unit = reading.fieldUnit ?? sidecar.units
    if unit == nil || unit == .arbitrary {
      // What is too small for hertz is ppm, and the other way round; local fields are a tenth of total ones.
      guard let range = field.finiteRange else {
        throw InputError(path, "the field is the same everywhere", remedy: "Check that this is the field")
      }
      let largest = max(abs(range.lowerBound), abs(range.upperBound))
      guard largest < 0.5 || largest > (stage == .local ? 3 : 40) else {
        throw InputError(
          path, "the unit of the field is not stated, and values up to \(largest) may be ppm, rad or Hz",
          remedy: "State the unit of the field (`fieldUnit`)")
      }
      unit = largest < 0.5 ? .partsPerMillion : .hertz
      assumptions.append(
        "\(path): the unit of the field is not stated; values up to \(largest) were taken for "
          + "\(unit == .hertz ? "Hz" : "ppm") (`fieldUnit` states it).")
    }
    switch unit {
    case .hertz?: return 1
    case .partsPerMillion?: return Float(strength * ScanParameters.protonGyromagneticRatio * 1e-6)
    case .radians?:
      guard times.count == 1 else {
        throw InputError(
          path, "a field in radians needs the echo time that it was measured at",
          remedy: "Give it (`echoTimes`)")
      }
      return Float(1 / (2 * Double.pi * times[0]))
    default:
      throw InputError(
        path, "the unit of the field is \(unit?.rawValue ?? "unknown")",
        remedy: "State one of Hz, ppm and rad (`fieldUnit`)")
    }
  }

  /// Echoes as magnitude and phase.
  private func readEchoes(_ phasePaths: [String], _ magnitudePaths: [String]) throws -> EchoMaps {
    var assumptions: [String] = []
    var phase = try readPhase(phasePaths, &assumptions)
    let sidecar = Sidecar(readableAt: NamedImage.sidecar(of: phasePaths[0]))
    let direction = try fieldDirection(sidecar, phase.geometry, &assumptions)
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
    return maps
  }
}
