import Files
import MRIData

/// What numbers of a gradient-echo scan can be; beyond, somebody wrote another unit.
enum Plausibility {
  /// The echo times of gradient echoes [s]: T2* is shorter than the longest everywhere, and no readout starts before the
  /// shortest.
  private static let echoTimes = 50e-6...0.3

  /// Whether a gradient echo can have an echo time [s].
  static func isEchoTime(_ time: Double) -> Bool { echoTimes.contains(time) }

  /// Refuses echo times [s] that do not rise, or that no gradient echo has.
  static func check(echoTimes times: [Double], _ place: String, remedy: String) throws(InputError) {
    if let long = times.first(where: { $0 > echoTimes.upperBound }) {
      let unit = [("milliseconds", 1e-3), ("microseconds", 1e-6), ("nanoseconds", 1e-9)].first {
        echoTimes.contains(long * $0.1)
      }
      throw InputError(
        place,
        "an echo time of \(long) s is longer than any gradient echo's"
          + (unit.map { "; \($0.0) were probably meant" } ?? ""),
        remedy: remedy)
    }
    if let short = times.first(where: { $0 > 0 && $0 < echoTimes.lowerBound }) {
      throw InputError(
        place, "an echo time of \(short) s is shorter than any; check its unit", remedy: remedy)
    }
    guard times.allSatisfy({ $0 > 0 }), zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) else {
      throw InputError(place, "the echo times \(times) s do not rise", remedy: remedy)
    }
  }

  /// Refuses a Larmor frequency [MHz] of no scanner's field, and names the unit that it may be in.
  static func check(imagingFrequency: Double, _ place: String, remedy: String) throws(InputError) {
    func field(_ megahertz: Double) -> Double {
      megahertz * 1e6 / ScanParameters.protonGyromagneticRatio
    }
    guard !ScanLimits.fieldStrength.contains(field(imagingFrequency)) else { return }
    let unit = [("hertz", 1e-6), ("kilohertz", 1e-3), ("gigahertz", 1e3)].first {
      (0.2...15).contains(field(imagingFrequency * $0.1))
    }
    throw InputError(
      place,
      "its key ImagingFrequency is \(imagingFrequency), which in megahertz is no frequency of a scanner (0.01 to 25 T)"
        + (unit.map { "; \($0.0) were probably meant" } ?? ""), remedy: remedy)
  }

  /// Refuses a static field [T] that no scanner has, and names the unit that it may be in.
  static func check(fieldStrength: Double, _ place: String, remedy: String) throws(InputError) {
    guard !ScanLimits.fieldStrength.contains(fieldStrength) else { return }
    let guesses = [("gauss", 1e-4), ("millitesla", 1e-3), ("kilogauss", 0.1)].filter {
      (0.2...15).contains(fieldStrength * $0.1)
    }.map { "\((fieldStrength * $0.1).rounded(3)) T in \($0.0)" }
    throw InputError(
      place,
      "a static field of \(fieldStrength) T is no scanner's (0.01 to 25 T)"
        + (guesses.isEmpty ? "" : "; it looks like \(guesses.joined(separator: " or "))"), remedy: remedy)
  }

  /// Refuses voxels that no scan has.
  static func check(_ geometry: Geometry, _ place: String) throws(InputError) {
    let size = geometry.voxelSize
    guard !ScanLimits.voxelSize.contains(size.min()) || !ScanLimits.voxelSize.contains(size.max()) else {
      return
    }
    let millimetres = (0..<3).map { (size[$0] * 1e3).rounded(6) }.joined(separator: " x ")
    throw InputError(
      place,
      "voxels of \(millimetres) mm are no scan's (0.01 to 30 mm): their unit is another one, such as metres",
      remedy: "Correct the header's voxel sizes or their unit")
  }
}
