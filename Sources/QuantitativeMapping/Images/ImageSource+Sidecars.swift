import ChannelCombination
import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import QSM

extension ImageSource {
  /// The echo times [s] that the user gave, or those of the sidecars of files per echo, or of that of one file.
  ///
  /// Where the two contradict each other, the user prevails and is told.
  func echoTimes(
    of paths: [String], count: Int, _ assumptions: inout [String]
  ) throws(InputError) -> [Double] {
    let remedy = "Give them (`echoTimes`)"
    let stated = paths.flatMap { Self.times(in: NamedImage.sidecar(of: $0)) }
    let times: [Double]
    if let given = reading.echoTimes {
      times = given
      if stated.count == given.count,
        let (own, other) = zip(given, stated).first(where: { abs($0 - $1) > 0.01 * $1 })
      {
        assumptions.append(
          "The sidecars state other echo times (\(other) s where \(own) s was given); the given echo times were used."
        )
      }
    } else {
      for path in paths {
        let sidecar = NamedImage.sidecar(of: path)
        guard FileManager.default.fileExists(atPath: sidecar) else {
          throw InputError(
            path, "the echo times are not known: there is no sidecar \(sidecar)", remedy: remedy)
        }
        if Self.times(in: sidecar).isEmpty,
          let fault = Sidecar.fault(
            at: sidecar, keys: ["EchoTime", "EchoTimes", "TE"], need: "a number of seconds")
        {
          throw InputError(sidecar, fault, remedy: "Correct it, or give the echo times (`echoTimes`)")
        }
      }
      times = stated
    }
    guard times.count == count else {
      throw InputError(
        paths[0], "there are \(counted(times.count, "echo time")) for \(counted(count, "echo"))",
        remedy: remedy)
    }
    guard reading.echoTimes == nil else {
      try Plausibility.check(echoTimes: times, paths[0], remedy: remedy)
      return times
    }
    let odd = times.firstIndex { !Plausibility.isEchoTime($0) } ?? 0
    try Plausibility.check(
      echoTimes: times, NamedImage.sidecar(of: paths[min(odd, paths.count - 1)]),
      remedy: "Correct EchoTime, which is in seconds, or give the echo times (`echoTimes`)")
    return times
  }

  /// What sidecars of one scan say differently, one sentence each.
  func sidecarDoubts(_ phase: [String], _ magnitude: [String]) -> [String] {
    var doubts: [String] = []
    if reading.fieldStrength == nil {
      let stated = (phase + magnitude).compactMap { path -> (path: String, tesla: Double)? in
        let sidecar = NamedImage.sidecar(of: path)
        return Sidecar(readableAt: sidecar).magneticFieldStrength.map { (sidecar, $0) }
      }
      if let first = stated.first,
        let other = stated.first(where: { abs($0.tesla - first.tesla) > 0.05 * abs(first.tesla) })
      {
        doubts.append(
          "\(first.path) states a static field of \(first.tesla) T (MagneticFieldStrength), and \(other.path) one of "
            + "\(other.tesla) T: check that they belong to one scan, or state it (`fieldStrength`).")
      }
    }
    if reading.echoTimes == nil, phase.count == magnitude.count {
      for (phase, magnitude) in zip(phase, magnitude) {
        let paths = (NamedImage.sidecar(of: phase), NamedImage.sidecar(of: magnitude))
        let times = (Self.times(in: paths.0), Self.times(in: paths.1))
        guard times.0.count == times.1.count,
          let (own, other) = zip(times.0, times.1).first(where: { abs($0 - $1) > 0.01 * abs($0) })
        else { continue }
        doubts.append(
          "\(paths.0) states an EchoTime of \(own) s, and that of the magnitude, \(paths.1), one of \(other) s: check that "
            + "they belong to one echo, or state the echo times (`echoTimes`).")
        break
      }
    }
    return doubts
  }

  /// The readout direction of every echo, by option or by the sidecars.
  func polarities(
    of paths: [String], count: Int, _ assumptions: inout [String]
  ) throws -> [ReadoutPolarity] {
    if reading.isBipolar { return (0..<count).map { $0 % 2 == 0 ? .forward : .reversed } }
    let stated = paths.compactMap { path -> ReadoutPolarity? in
      let sidecar = Sidecar(readableAt: NamedImage.sidecar(of: path))
      guard case .string(let word)? = sidecar.extra["ReadoutPolarity"] else { return nil }
      return ReadoutPolarity(rawValue: word)
    }
    guard stated.count == count else {
      if stated.contains(.reversed) {
        assumptions.append(
          "ReadoutPolarity is stated by the sidecars of \(stated.count) of \(counted(count, "echo")) alone, and was not used."
        )
      }
      return Array(repeating: .forward, count: count)
    }
    if Set(stated).count > 1 {
      assumptions.append(
        "By the sidecars, echoes were read out in both directions; the phase of that is taken out.")
    }
    return stated
  }

  /// R2* by ARLO; `nil` with a reason where the echoes do not allow it.
  func fittedR2Star(
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
  static func times(in path: String) -> [Double] {
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

  /// The static field [T] that the user gave, or that a sidecar states.
  func fieldStrength(
    _ sidecar: Sidecar, _ path: String, _ assumptions: inout [String]
  ) throws(InputError) -> Double {
    let remedy = "Give the static field (`fieldStrength`)"
    let frequency = sidecar.imagingFrequency.map { $0 * 1e6 / ScanParameters.protonGyromagneticRatio }
    let stated = sidecar.magneticFieldStrength.flatMap { $0 > 0 ? $0 : nil }
    if let given = reading.fieldStrength {
      try Plausibility.check(fieldStrength: given, path, remedy: remedy)
      if let stated, abs(given - stated) > 0.05 * stated {
        assumptions.append(
          "The sidecar states a static field of \(stated) T; the given one of \(given) T was used.")
      }
      return given
    }
    let place = NamedImage.sidecar(of: path)
    guard let strength = stated ?? frequency.flatMap({ $0 > 0 ? $0 : nil }) else {
      if let fault = Sidecar.fault(
        at: place, keys: ["MagneticFieldStrength", "ImagingFrequency"],
        need: "a positive number (of tesla, or of megahertz)")
      {
        throw InputError(place, fault, remedy: "Correct it, or give the static field (`fieldStrength`)")
      }
      throw InputError(
        path, "the static field is not known: there is no MagneticFieldStrength in a sidecar", remedy: remedy)
    }
    if stated == nil, let megahertz = sidecar.imagingFrequency {
      try Plausibility.check(
        imagingFrequency: megahertz, place, remedy: "Correct it, or give the static field (`fieldStrength`)")
    }
    try Plausibility.check(
      fieldStrength: strength, place,
      remedy: "Correct MagneticFieldStrength, or give the static field (`fieldStrength`)")
    if let stated, let frequency, abs(frequency - stated) > 0.05 * stated {
      assumptions.append(
        "The sidecar's ImagingFrequency belongs to \(frequency.rounded(3)) T, and MagneticFieldStrength states \(stated) T, "
          + "which was used.")
    }
    return strength
  }

  /// The direction of the static field along the voxel axes: as given, as the sidecar states, or as the grid lies.
  func fieldDirection(
    _ sidecar: Sidecar, of path: String, _ geometry: Geometry, _ assumptions: inout [String]
  ) -> SIMD3<Double> {
    var direction = reading.fieldDirection
    if direction == nil, let stated = sidecar.fieldDirection, stated.count == 3 {
      let vector = SIMD3(stated[0], stated[1], stated[2]), length = (vector * vector).sum().squareRoot()
      if length > 0, length.isFinite { direction = vector / length }
    }
    let own = geometry.fieldDirection
    guard let direction else {
      let text = (0..<3).map { String(format: "%.3f", own[$0]) }.joined(separator: ", ")
      let place = NamedImage.sidecar(of: path)
      let fault = Sidecar.fault(
        at: place, keys: ["B0_dir"], need: "three numbers along the voxel axes that are not all zero")
      assumptions.append(
        (fault.map { "\(place): \($0). The static field" }
          ?? "No sidecar says where the static field points; it")
          + " was taken for the patient's long axis, (\(text)) along the voxel axes by the file's orientation."
      )
      return own
    }
    let angle = acos(max(-1, min(1, (direction * own).sum()))) * 180 / Double.pi
    if angle > 0.05 {
      assumptions.append(
        String(
          format:
            "The static field points along (%.3f, %.3f, %.3f), %.1f degrees from what the file's orientation says.",
          direction.x, direction.y, direction.z, angle))
    }
    return direction
  }
}

extension Sidecar {
  /// Why a sidecar that is there does not say what is asked of it; `nil` if there is none, or if it lacks the keys.
  ///
  /// - Parameters:
  ///   - keys: Where it may say so.
  ///   - need: What should stand there.
  static func fault(at path: String, keys: [String], need: String) -> String? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    let all: [String: JSONValue]
    do throws(JSONFile.Fault) {
      all = try JSONFile.decode(from: data)
    } catch {
      return "this sidecar cannot be read: \(error.reason)"
    }
    for key in keys {
      guard let value = all[key], let text = try? JSONFile.line(of: value) else { continue }
      return "its key \(key) is \(text), and must be \(need)"
    }
    return nil
  }

  /// Reads what can be read of a sidecar that another tool wrote; keys of types that BIDS does not give them become
  /// ``extra``, and of a file that is absent or no JSON nothing is known.
  init(readableAt path: String) {
    self.init()
    guard (try? RegularFile.length(path)) != nil, let data = FileManager.default.contents(atPath: path),
      let all = try? JSONFile.decode([String: JSONValue].self, from: data)
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
