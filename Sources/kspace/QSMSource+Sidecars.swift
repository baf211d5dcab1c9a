import Foundation
import KSpaceToolkit

extension QSMSource {
  /// The echo times by option, by the sidecars of files per echo, or by that of one file.
  func echoTimes(of paths: [String], count: Int) throws -> [Double] {
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
    if let long = times.first(where: QSMSource.isTooLong) {
      throw CommandError(
        paths[0],
        "an echo time of \(long) s is longer than any gradient echo's; milliseconds were probably meant",
        remedy: remedy)
    }
    guard times.allSatisfy({ $0 > 0 }), zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw CommandError(paths[0], "the echo times \(times) s do not rise", remedy: remedy)
    }
    return times
  }

  /// The readout direction of every echo, by option or by the sidecars.
  func polarities(
    of paths: [String], count: Int, _ assumptions: inout [String]
  ) throws -> [ReadoutPolarity] {
    if arguments.bipolar { return (0..<count).map { $0 % 2 == 0 ? .forward : .reversed } }
    let stated = paths.compactMap { path -> ReadoutPolarity? in
      let sidecar = Sidecar(readableAt: NamedImage.sidecar(of: path))
      guard case .string(let word)? = sidecar.extra["ReadoutPolarity"] else { return nil }
      return ReadoutPolarity(rawValue: word)
    }
    guard stated.count == count else { return Array(repeating: .forward, count: count) }
    if Set(stated).count > 1 {
      assumptions.append(
        "By the sidecars, echoes were read out in both directions; the phase of that is taken out.")
    }
    return stated
  }

  /// R2* by ARLO; `nil` with a reason where the echoes do not allow it.
  func fittedRelaxation(
    _ magnitude: ImageVolumes<Float>, _ times: [Double], _ assumptions: inout [String]
  ) throws -> ImageVolumes<Float>? {
    guard times.count >= 3 else { return nil }
    do {
      return ImageVolumes(try ARLO()(magnitude.voxels, echoTimes: times), geometry: magnitude.geometry)
    } catch {
      assumptions.append("There is no R2*: \(error)")
      return nil
    }
  }

  /// One echo time, or, of a file of all echoes, a list of them.
  static func times(in path: String) throws -> [Double] {
    let sidecar = Sidecar(readableAt: path)
    if let time = sidecar.echoTime { return [time] }
    let keys = sidecar.extra
    for key in ["EchoTime", "EchoTimes", "TE"] {
      if case .array(let values)? = keys[key] {
        return values.compactMap { if case .number(let value) = $0 { value } else { nil } }
      }
    }
    return []
  }

  func fieldStrength(_ sidecar: Sidecar, _ path: String) throws -> Double {
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
  func settle(_ geometry: inout Geometry, _ sidecar: Sidecar, _ assumptions: inout [String]) throws {
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

  /// Whether no gradient echo has an echo time [s] like this: T2* is shorter everywhere.
  static func isTooLong(_ echoTime: Double) -> Bool { echoTime > 0.3 }
}

extension Sidecar {
  /// Reads what can be read of a sidecar that another tool wrote; keys of types that BIDS does not give them become
  /// ``extra``, and of a file that is absent or no JSON nothing is known.
  init(readableAt path: String) {
    self.init()
    guard let data = FileManager.default.contents(atPath: path),
      let all = try? JSONDecoder().decode([String: JSONValue].self, from: data)
    else { return }
    var known: [String: JSONValue] = [:]
    for (key, value) in all {
      let alone = try? JSONDecoder().decode(Sidecar.self, from: JSONEncoder().encode([key: value]))
      if let alone, alone != Sidecar() { known[key] = value } else { extra[key] = value }
    }
    let others = extra
    if let sidecar = try? JSONDecoder().decode(Sidecar.self, from: JSONEncoder().encode(known)) {
      self = sidecar
    }
    extra = others
  }
}
