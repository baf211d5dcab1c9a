import Foundation

/// What a header says of the readout gradient, held against itself and against the readouts.
///
/// What is stated more than once decides: gradients follow one another within the echo spacing, the middle of the samples
/// lies where `k = 0` is passed, and readouts state their own sample time. A stated delay that alone departs from that is
/// replaced: Gadgetron's balanced readouts never look at it, so that nobody notices a wrong one.
struct GradientDescription {
  /// The gradient; `nil` if there is none to be believed.
  private(set) var trapezoid: ReadoutTrapezoid?
  /// What the user should know of it.
  private(set) var findings: [Finding] = []

  static let remedy =
    "Correct it with the converter, or, if no sample was taken on a ramp, say so (`correctsEchoPlanar`)"

  /// The part of the echo spacing that gradients may leave out without a word.
  private static let largestGap = 0.03
  /// By how many samples they may lie beside the middle of the gradient: a delay is a multiple of some clock.
  private static let largestOffset = 2.0
  /// The relative difference of two sample times that are the same.
  private static let rounding = 0.01

  /// Looks at a description.
  ///
  /// - Parameters:
  ///   - description: The header's description of the trajectory.
  ///   - readouts: The lines of the image and of the calibration.
  ///   - isMixed: Whether both directions are mixed within an echo.
  init(
    _ description: MRDHeader.TrajectoryDescription?, of readouts: [AcquisitionHeader], isMixed: Bool
  ) {
    guard let stated = description.flatMap(ReadoutTrapezoid.init) else {
      guard isMixed else { return }
      let isBroken = ReadoutTrapezoid.names.contains { description?.parameters[$0] != nil }
      findings.append(
        isBroken
          ? .error(
            .contradictory,
            "the header's description of the echo-planar readout gradient lacks a number: it should have "
              + ReadoutTrapezoid.names.joined(separator: ", "), remedy: Self.remedy)
          : .warning(
            "the header describes no gradient ramps of the echo-planar readout",
            assuming:
              "samples lie at an even pace along kx; if some were taken on ramps, images are distorted along x"
          ))
      return
    }
    guard stated.isPlausible else {
      refuse("the header's readout gradient cannot be (\(Self.words(stated)))")
      return
    }
    trapezoid = stated
    checkSampleTime(of: readouts)
    checkDuration()
    guard let trapezoid else { return }
    findings.append(
      .note(
        "the readout gradient has \(Self.words(trapezoid))",
        assuming: "the header is right; lines are resampled along kx"))
  }

  /// Compares the sample time of the readouts with that of the description.
  private mutating func checkSampleTime(of readouts: [AcquisitionHeader]) {
    guard let stated = trapezoid else { return }
    let times = readouts.filter { Int($0.sampleCount) == stated.samples }
      .map { Double($0.sampleTime) * 1e-6 }
    guard let time = times.filter(Plausible.dwellTime.contains).min(),
      abs(time - stated.dwellTime) > Self.rounding * stated.dwellTime
    else { return }
    let problem = String(
      format:
        "the header's readout gradient is described for samples every %g us, while readouts state %g us",
      stated.dwellTime * 1e6, time * 1e6)
    if Self.isCentred(stated) {
      findings.append(
        .warning(
          problem,
          assuming: "the description, by which samples lie about the middle of the gradient"))
    } else {
      refuse(problem)
    }
  }

  /// Compares how long the gradient lasts with the echo spacing and with the place of the samples.
  private mutating func checkDuration() {
    guard let stated = trapezoid else { return }
    let gap = stated.echoSpacing.map { $0 - stated.duration } ?? 0
    let isShort = gap > Self.largestGap * (stated.echoSpacing ?? 0)
    let short = String(
      format: "the header's readout gradients last %g us, and follow one another every %g us",
      stated.duration * 1e6, (stated.echoSpacing ?? 0) * 1e6)
    let beside = String(
      format: "its samples lie %g us %@ its middle", abs(stated.lateness) * 1e6,
      stated.lateness > 0 ? "after" : "before")
    switch (isShort, Self.isCentred(stated)) {
    case (false, true): break
    case (true, true):
      findings.append(.warning(short, assuming: "there is no gradient in between"))
    case (true, false): refuse("\(short); \(beside), as if it lasted longer")
    case (false, false):
      trapezoid?.delay -= stated.lateness
      findings.append(
        .warning(
          "by the header's readout gradient, \(beside)",
          assuming: String(
            format: "a delay of %g us instead of %g us, which puts them about the middle",
            (stated.delay - stated.lateness) * 1e6, stated.delay * 1e6)))
    }
  }

  private mutating func refuse(_ problem: String) {
    trapezoid = nil
    findings.append(.error(.contradictory, problem, remedy: Self.remedy))
  }

  /// Whether the middle of the samples lies where `k = 0` is passed.
  private static func isCentred(_ trapezoid: ReadoutTrapezoid) -> Bool {
    abs(trapezoid.lateness) <= largestOffset * trapezoid.dwellTime
  }

  private static func words(_ trapezoid: ReadoutTrapezoid) -> String {
    let times = String(
      format: "ramps of %g and %g us about a flat top of %g us, %d samples every %g us from %g us on",
      trapezoid.rampUp * 1e6, trapezoid.rampDown * 1e6, trapezoid.flatTop * 1e6, trapezoid.samples,
      trapezoid.dwellTime * 1e6, trapezoid.delay * 1e6)
    guard !trapezoid.isPlausible, let spacing = trapezoid.echoSpacing else { return times }
    return times + String(format: ", one every %g us", spacing * 1e6)
  }
}
