import Foundation
import KSpaceToolkit

/// One scan, read and brought to the toolkit's units.
struct QSMScan {
  /// The field of the echoes and what is known beside it.
  var wrapped: SusceptibilityMapping.WrappedField
  /// R2* [1/s].
  var relaxation: ImageVolumes<Float>?
  /// The magnitude of every echo.
  var magnitude: ImageVolumes<Float>
  /// The phase of every echo [rad], where it was read.
  var phase: ImageVolumes<Float>?
  /// The echo times [s]; not known for a field map without magnitudes.
  var echoTimes: [Double]
  /// Where the voxels lie by the files, whatever is known of the field's direction.
  var fileGeometry: Geometry
  /// Whether the files leave the sign of the phase open.
  var isSignOpen: Bool
  /// What was assumed, one sentence each.
  var assumptions: [String]

  var geometry: Geometry { wrapped.field.geometry }

  /// What the scanner was told, as far as files say it.
  var parameters: ScanParameters {
    ScanParameters(echoTimes: echoTimes, fieldStrength: wrapped.fieldStrength)
  }
}

extension QSMSource {
  /// Reads the scan.
  ///
  /// - Throws: ``CommandError`` if something is missing that cannot be assumed.
  func read() throws -> QSMScan {
    switch content {
    case .echoes(let phase, let magnitude): try readEchoes(phase, magnitude)
    case .fieldMap(let field, let noise, let relaxation, let magnitude):
      try readFieldMap(field, noise, relaxation, magnitude)
    }
  }

  private func readFieldMap(
    _ field: String, _ noise: String?, _ relaxation: String?, _ magnitude: [String]
  ) throws -> QSMScan {
    let sidecar = try Sidecar(at: NamedImage.sidecar(of: field))
    guard case .number(let period)? = sidecar.extra["FieldPeriod"], period > 0 else {
      throw CommandError(
        NamedImage.sidecar(of: field), "FieldPeriod [Hz], at which the field repeats, is missing",
        remedy:
          "Write the map again with kspace reconstruct, or start from the echoes with --magnitude and --phase"
      )
    }
    var assumptions: [String] = []
    var map = try NIfTIFile(at: field).volumes(scaling: .applied)
    let fileGeometry = map.geometry
    try settle(&map.geometry, sidecar, &assumptions)
    func companion(_ path: String?) throws -> ImageVolumes<Float>? {
      guard let path else { return nil }
      var volumes = try Self.check(try NIfTIFile(at: path).volumes(scaling: .applied), path, like: map)
      volumes.geometry = map.geometry
      return volumes
    }
    var echoes = try magnitudes(magnitude, like: map)
    echoes.geometry = map.geometry
    let times = try echoTimes(of: magnitude, count: echoes.count)
    // MDI's images have the toolkit's sign whatever the raw data had.
    let isSignOpen = sidecar.phaseSign == nil && arguments.phaseSign == .automatic
    if arguments.phaseSign == .negative { map = map.map { -$0 } }
    return QSMScan(
      wrapped: .init(
        field: map, period: period, noise: try companion(noise), magnitude: Self.combined(echoes),
        fieldStrength: try fieldStrength(sidecar, field)),
      relaxation: try companion(relaxation), magnitude: echoes, phase: nil, echoTimes: times,
      fileGeometry: fileGeometry, isSignOpen: isSignOpen, assumptions: assumptions)
  }

  private func readEchoes(_ phasePaths: [String], _ magnitudePaths: [String]) throws -> QSMScan {
    var assumptions: [String] = []
    var phase = try readPhase(phasePaths, &assumptions)
    let fileGeometry = phase.geometry
    let sidecar = (try? Sidecar(at: NamedImage.sidecar(of: phasePaths[0]))) ?? Sidecar()
    try settle(&phase.geometry, sidecar, &assumptions)
    var magnitude: ImageVolumes<Float>
    if magnitudePaths.isEmpty {
      assumptions.append(
        "There is no magnitude: all echoes count alike, and a mask has to come from the phase or from a file."
      )
      magnitude = phase.map { $0.isFinite ? 1 : 0 }
    } else {
      magnitude = try magnitudes(magnitudePaths, like: phase)
      magnitude.geometry = phase.geometry
      if magnitude.count != phase.count {
        throw CommandError(
          magnitudePaths[0],
          "there are \(magnitude.count) magnitude volumes and \(phase.count) phase volumes",
          remedy: "Give one of each for every echo")
      }
    }
    let times = try echoTimes(of: phasePaths, count: phase.count)
    let strength = try fieldStrength(sidecar, phasePaths[0])
    let isSignOpen = sidecar.phaseSign == nil && arguments.phaseSign == .automatic
    if arguments.phaseSign == .negative { phase = phase.map { -$0 } }
    // NaN has no phase, and its magnitude says so.
    let invalid = zip(phase.voxels.elements, magnitude.voxels.elements).count {
      !$0.0.isFinite || !$0.1.isFinite
    }
    if invalid > 0 { assumptions.append("\(invalid) values that are not finite were taken for no signal.") }
    let images = Self.complex(magnitude, phase)
    magnitude = images.map(\.length)
    if phase.count == 1 {
      let period = 1 / times[0]
      assumptions.append(
        "There is one echo: its phase is taken for 2 pi f TE alone, without the receiver's own, which is left to the "
          + "removal of the background.")
      return QSMScan(
        wrapped: .init(
          field: phase.map { $0.isFinite ? $0 * Float(period / (2 * Double.pi)) : 0 }, period: period,
          noise: nil,
          magnitude: magnitude, fieldStrength: strength),
        relaxation: nil, magnitude: magnitude, phase: phase, echoTimes: times,
        fileGeometry: fileGeometry, isSignOpen: isSignOpen,
        assumptions: assumptions)
    }
    let parameters = ScanParameters(echoTimes: times, fieldStrength: strength)
    let channel = images.voxels.reshaped(to: [phase.count, 1] + phase.geometry.matrix.shape)
    let output = try MDI()(ChannelImages(channel, parameters: parameters, geometry: phase.geometry))
    return QSMScan(
      wrapped: .init(
        field: output.field, period: output.fieldPeriod, noise: output.fieldNoise,
        magnitude: Self.combined(magnitude),
        fieldStrength: strength),
      relaxation: output.r2Star, magnitude: magnitude, phase: phase, echoTimes: times,
      fileGeometry: fileGeometry, isSignOpen: isSignOpen,
      assumptions: assumptions + output.assumptions)
  }
}

extension QSMSource {
  /// The phase of all echoes in radians.
  private func readPhase(_ paths: [String], _ assumptions: inout [String]) throws -> ImageVolumes<Float> {
    let stored = try Self.series(paths, scaling: .applied)
    switch arguments.phaseScale {
    case .radians: return stored
    case .half(let half): return PhaseConversion(half: half, explanation: "")(stored)
    case .automatic: break
    }
    if let sidecar = try? Sidecar(at: NamedImage.sidecar(of: paths[0])), sidecar.units == .radians {
      return stored
    }
    guard let range = stored.finiteRange else {
      throw CommandError(
        paths[0], "the phase is the same everywhere", remedy: "Check that this is the phase image")
    }
    if let conversion = PhaseConversion(range: range, areWhole: stored.areWhole) {
      assumptions.append(
        "Phase from \(range.lowerBound) to \(range.upperBound) was taken for \(conversion.explanation).")
      return conversion(stored)
    }
    let raw = try Self.series(paths, scaling: .ignored)
    if let rawRange = raw.finiteRange,
      let conversion = PhaseConversion(range: rawRange, areWhole: raw.areWhole)
    {
      assumptions.append(
        "Scaled as the header says, the phase would run from \(range.lowerBound) to \(range.upperBound), which is no "
          + "unit of phase; the stored values, \(rawRange.lowerBound) to \(rawRange.upperBound), were taken for "
          + "\(conversion.explanation).")
      return conversion(raw)
    }
    throw CommandError(
      paths[0], "the phase runs from \(range.lowerBound) to \(range.upperBound), which is no known unit",
      remedy:
        "Say what stands for pi with --phase-scale, such as --phase-scale 4096, or --phase-scale radians")
  }

  /// The volumes of one file, or of several files of one volume each.
  private static func series(_ paths: [String], scaling: NIfTIFile.Scaling) throws -> ImageVolumes<Float> {
    let parts = try paths.map { try NIfTIFile(at: $0).volumes(scaling: scaling) }
    for (path, part) in zip(paths, parts) where parts.count > 1 && part.count != 1 {
      throw CommandError(
        path, "this file holds \(part.count) volumes, and there are \(paths.count) files",
        remedy: "Give one file of all echoes, or one file for each")
    }
    for (path, part) in zip(paths, parts) { _ = try check(part, path, like: parts[0]) }
    var voxels = NDArray<Float>(
      repeating: 0, shape: [parts.reduce(0) { $0 + $1.count }] + parts[0].geometry.matrix.shape)
    if parts.count == 1 { return parts[0] }
    for (index, part) in parts.enumerated() { voxels.setPart(at: index, to: part[0]) }
    return ImageVolumes(voxels, geometry: parts[0].geometry)
  }

  private func magnitudes(_ paths: [String], like field: ImageVolumes<Float>) throws -> ImageVolumes<Float> {
    guard !paths.isEmpty else {
      throw CommandError(
        name, "there is no magnitude beside the field map", remedy: "Keep the echoes beside it")
    }
    return try Self.check(try Self.series(paths, scaling: .applied), paths[0], like: field)
  }

  /// Refuses volumes on another grid.
  @discardableResult
  static func check<Element>(
    _ volumes: ImageVolumes<Element>, _ path: String, like other: ImageVolumes<Float>
  ) throws -> ImageVolumes<Element> {
    guard volumes.geometry.matrix == other.geometry.matrix else {
      throw CommandError(
        path, "the grid is \(volumes.geometry.matrix), and the phase has \(other.geometry.matrix)",
        remedy: "Give files of the same scan, resampled to one grid")
    }
    return volumes
  }

  /// The root of the summed squares of all echoes.
  static func combined(_ echoes: ImageVolumes<Float>) -> ImageVolumes<Float> {
    let volume = echoes.geometry.matrix.count
    var sum = NDArray<Float>(repeating: 0, shape: echoes.geometry.matrix.shape)
    sum.withUnsafeMutableBufferPointer { sum in
      echoes.voxels.withUnsafeBufferPointer { values in
        for echo in 0..<echoes.count {
          for index in 0..<volume {
            let value = values[echo * volume + index]
            if value.isFinite { sum[index] += value * value }
          }
        }
        for index in sum.indices { sum[index] = sum[index].squareRoot() }
      }
    }
    return ImageVolumes(sum, geometry: echoes.geometry)
  }

  private static func complex(
    _ magnitude: ImageVolumes<Float>, _ phase: ImageVolumes<Float>
  ) -> ImageVolumes<Complex<Float>> {
    let voxels = NDArray(
      uninitializedShape: phase.voxels.shape
    ) { (target: UnsafeMutableBufferPointer<Complex<Float>>) in
      magnitude.voxels.withUnsafeBufferPointer { magnitude in
        phase.voxels.withUnsafeBufferPointer { phase in
          for index in target.indices {
            let isValid = magnitude[index].isFinite && phase[index].isFinite
            target[index] = isValid ? Complex(length: abs(magnitude[index]), phase: phase[index]) : .zero
          }
        }
      }
    }
    return ImageVolumes(voxels, geometry: phase.geometry)
  }
}

extension QSMSource {
  /// The echo times by option, by the sidecars of files per echo, or by that of one file.
  private func echoTimes(of paths: [String], count: Int) throws -> [Double] {
    let remedy = "Give them with their unit, such as --echo-times 3.3ms,6.4ms"
    let times: [Double]
    if let given = arguments.echoTimes {
      times = given.seconds
    } else {
      times = try paths.flatMap { path -> [Double] in
        let sidecar = NamedImage.sidecar(of: path)
        guard FileManager.default.fileExists(atPath: sidecar) else {
          throw CommandError(
            path, "the echo times are not known: there is no sidecar \(sidecar)", remedy: remedy)
        }
        return try Self.times(in: sidecar)
      }
    }
    guard times.count == count else {
      throw CommandError(
        paths[0], "there are \(counted(times.count, "echo time")) for \(counted(count, "echo"))",
        remedy: remedy)
    }
    if let long = times.first(where: { $0 > 1 }) {
      throw CommandError(
        paths[0], "an echo time of \(long) s is longer than any scan's; milliseconds were probably meant",
        remedy: remedy)
    }
    guard times.allSatisfy({ $0 > 0 }), zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw CommandError(paths[0], "the echo times \(times) s do not rise", remedy: remedy)
    }
    return times
  }

  /// One echo time, or, of a file of all echoes, a list of them.
  private static func times(in path: String) throws -> [Double] {
    if let sidecar = try? Sidecar(at: path), let time = sidecar.echoTime { return [time] }
    let keys =
      (try? JSONDecoder().decode([String: JSONValue].self, from: Data(contentsOf: URL(filePath: path))))
      ?? [:]
    for key in ["EchoTime", "EchoTimes", "TE"] {
      if case .array(let values)? = keys[key] {
        return values.compactMap { if case .number(let value) = $0 { value } else { nil } }
      }
    }
    return []
  }

  private func fieldStrength(_ sidecar: Sidecar, _ path: String) throws -> Double {
    if let given = arguments.fieldStrength?.tesla { return given }
    if let stated = sidecar.magneticFieldStrength, stated > 0 { return stated }
    if let frequency = sidecar.imagingFrequency, frequency > 0 {
      return frequency * 1e6 / ScanParameters.protonGyromagneticRatio
    }
    throw CommandError(
      path, "the static field is not known: there is no MagneticFieldStrength in a sidecar",
      remedy: "Give it with its unit, such as --field-strength 3T")
  }

  /// Turns the geometry so that its field direction is the one that is known.
  private func settle(_ geometry: inout Geometry, _ sidecar: Sidecar, _ assumptions: inout [String]) throws {
    var direction = arguments.fieldDirection
    if direction == nil, let stated = sidecar.fieldDirection, stated.count == 3 {
      direction = Direction3([stated[0], stated[1], stated[2]])
    }
    let own = geometry.fieldDirection
    guard let direction else {
      let text = (0..<3).map { String(format: "%.3f", own[$0]) }.joined(separator: ", ")
      assumptions.append(
        "No sidecar says where the static field points; it was taken for the patient's long axis, (\(text)) along the "
          + "voxel axes by the file's orientation.")
      return
    }
    let difference = direction.vector - own
    if (difference * difference).sum() > 1e-6 {
      let angle = acos(max(-1, min(1, (direction.vector * own).sum()))) * 180 / Double.pi
      assumptions.append(
        String(
          format:
            "The static field points along (%.3f, %.3f, %.3f), %.1f degrees from what the file's orientation says.",
          direction.vector.x, direction.vector.y, direction.vector.z, angle))
      geometry.turn(fieldDirection: direction.vector)
    }
  }
}

extension Geometry {
  /// Turns the axes so that the static field points along a direction of theirs.
  ///
  /// The images do not change; where they lie in the patient is no longer what the file says.
  mutating func turn(fieldDirection b: SIMD3<Double>) {
    // Any rotation whose third row is b will do.
    let helper: SIMD3<Double> = abs(b.x) < 0.9 ? [1, 0, 0] : [0, 1, 0]
    func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
      [a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x]
    }
    var first = helper - b * (helper * b).sum()
    first /= (first * first).sum().squareRoot()
    let second = cross(b, first)
    readDirection = [first.x, second.x, b.x]
    phaseDirection = [first.y, second.y, b.y]
    sliceDirection = [first.z, second.z, b.z]
  }
}
