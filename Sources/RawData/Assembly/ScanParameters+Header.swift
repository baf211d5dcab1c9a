import Files
import Foundation
import MRIData

extension ScanParameters {
  /// Gathers parameters from the header, the image lines and the user.
  ///
  /// - Parameters:
  ///   - header: The XML header.
  ///   - readouts: The image lines.
  ///   - placed: Where they belong.
  ///   - acquisitions: All readouts of the file.
  ///   - echoes: How echoes are told apart.
  ///   - options: What the user says.
  ///   - findings: Takes what is missing or contradictory.
  init(
    _ header: MRDHeader, _ readouts: [AcquisitionHeader], _ placed: [PlacedReadout],
    _ acquisitions: [AcquisitionHeader], _ echoes: EchoAssignment, _ options: ReadingOptions,
    _ findings: inout [Finding]
  ) {
    let echoTimes = Self.echoTimes(header, echoes, options, &findings)
    if options.echoTimes != nil {
      Self.compare(given: echoTimes, header, echoes, &findings)
    } else if let finding = Self.implausible(echoTimes, dwellTime: Self.plausibleDwell(readouts), readouts) {
      findings.append(finding)
    }
    var reversed = Array(repeating: 0, count: echoes.count)
    var total = reversed
    for readout in placed {
      total[readout.echo] += 1
      if acquisitions[readout.acquisition].flags.contains(.isReverse) { reversed[readout.echo] += 1 }
    }
    let (field, frequency) = Self.field(header, options, &findings)
    var repetitionTime = Self.plausible(
      Self.positive(header.repetitionTimes.first, "a repetition time of %g ms", unit: 1e-3, &findings),
      ScanLimits.repetitionTime, "a repetition time (TR) of %g ms", unit: 1e-3, UnitSlip.times, &findings)
    if let stated = repetitionTime, let last = echoTimes.filter({ !$0.isNaN }).max(), stated < last {
      findings.append(
        .warning(
          String(
            format:
              "the header states a repetition time (TR) of %g ms, before which the echo at %g ms cannot be over",
            stated * 1000, last * 1000), assuming: "it is unknown"))
      repetitionTime = nil
    }
    self.init(
      echoTimes: echoTimes, fieldStrength: field, imagingFrequency: frequency,
      polarities: zip(reversed, total).map { $0 > 0 && $0 == $1 ? .reversed : .forward },
      repetitionTime: repetitionTime,
      flipAngle: Self.plausible(
        Self.positive(header.flipAngles.first, "a flip angle of %g degrees", unit: .pi / 180, &findings),
        ScanLimits.flipAngle, "a flip angle of %g degrees", unit: .pi / 180, [], &findings),
      dwellTime: Self.dwellTime(readouts, &findings), phaseSign: options.phaseSign,
      protocolName: header.protocolName, manufacturer: header.manufacturer, model: header.model,
      patientPosition: header.patientPosition)
  }

  /// Says what is odd about echo times that the user gave: no echo has them, or the header states others.
  private static func compare(
    given times: [Double], _ header: MRDHeader, _ echoes: EchoAssignment, _ findings: inout [Finding]
  ) {
    func text(_ times: [Double]) -> String {
      times.map { String(format: "%g", $0 * 1000) }.joined(separator: ", ") + " ms"
    }
    if let wrong = times.first(where: { !$0.isNaN && !Plausible.echoTime.contains($0) }) {
      findings.append(
        .error(
          .contradictory, "the given echo time of \(text([wrong])) is none", remedy: "Correct `echoTimes`"))
      return
    }
    let stated = header.echoTimes
    guard stated.count == times.count, stated.allSatisfy({ Plausible.echoTime.contains($0) }),
      zip(stated, times).contains(where: { abs($0 - $1) > max(0.01 * $0, 5e-6) })
    else { return }
    findings.append(
      .warning(
        "the given echo times (\(text(times))) are others than the header's (\(text(stated)))",
        assuming: "the given ones"))
  }

  private static func echoTimes(
    _ header: MRDHeader, _ echoes: EchoAssignment, _ options: ReadingOptions, _ findings: inout [Finding]
  ) -> [Double] {
    var times = Array(repeating: Double.nan, count: echoes.count)
    if let chosen = options.echoTimes {
      if chosen.count == echoes.count { times = chosen }
    } else if header.echoTimes.count == echoes.count {
      times = header.echoTimes
    } else if let last = echoes.contrasts.last, last < header.echoTimes.count {
      times = echoes.contrasts.map { header.echoTimes[$0] }
      findings.append(
        .note(
          "the header states \(counted(header.echoTimes.count, "echo time")), the readouts hold \(counted(echoes.count, "echo"))",
          assuming: "the times at the contrast counters \(listed(echoes.contrasts))"))
    } else if echoes.count > 0 {
      let stated = header.echoTimes.isEmpty ? "no echo time" : counted(header.echoTimes.count, "echo time")
      findings.append(
        .warning(
          "the header states \(stated) for \(counted(echoes.count, "echo"))",
          assuming: "unknown echo times, which do for images but not for maps",
          remedy: "Name them with `echoTimes`"))
    }
    if options.echoTimes == nil {
      times = times.map {
        $0.isNaN
          ? $0
          : positive(
            $0, "an echo time of %g ms", unit: 1e-3, remedy: "Name them with `echoTimes`",
            &findings) ?? .nan
      }
    }
    if zip(times, times.dropFirst()).contains(where: { $0 >= $1 }) {
      findings.append(
        .warning(
          "the echo times do not rise: "
            + times.map { String(format: "%g ms", $0 * 1000) }.joined(separator: ", "),
          assuming: "the order of the echoes is right", remedy: "Name them with `echoTimes`"))
    }
    return times
  }

  /// A value that can only be positive; converters write 0 for what they do not know.
  private static func positive(
    _ value: Double?, _ format: String, unit: Double = 1, remedy: String? = nil, _ findings: inout [Finding]
  ) -> Double? {
    guard let value else { return nil }
    if value > 0 { return value }
    findings.append(
      .warning(
        "the header states " + String(format: format, value / unit), assuming: "it is unknown", remedy: remedy
      ))
    return nil
  }

  /// A value within its bounds; others are named, and count as unknown where images do not depend on them.
  private static func plausible(
    _ value: Double?, _ bounds: ClosedRange<Double>, _ format: String, unit: Double, _ slips: [UnitSlip],
    _ findings: inout [Finding]
  ) -> Double? {
    guard let value, !bounds.contains(value) else { return value }
    let slip = UnitSlip.first(slips) { bounds.contains(value * $0) }
    findings.append(
      .warning(
        "the header states " + String(format: format, value / unit) + ", which cannot be"
          + (slip.map { ": it looks like \($0.words)" } ?? ""), assuming: "it is unknown"))
    return nil
  }

  /// What is wrong with echo times of the header that no echo can have.
  ///
  /// Echoes cannot follow each other faster than they are read out, nor can the centre of a readout come before its first
  /// half was read.
  private static func implausible(
    _ times: [Double], dwellTime: Double?, _ readouts: [AcquisitionHeader]
  ) -> Finding? {
    let known = times.filter { !$0.isNaN }.sorted()
    guard let first = known.first, let last = known.last else { return nil }
    let spacing = zip(known, known.dropFirst()).map { $1 - $0 }.filter { $0 > 0 }.min() ?? .infinity
    let longest = readouts.map(\.keptCount).max() ?? 0
    let before = readouts.map(\.keptCenter).min() ?? 0
    func fits(_ factor: Double) -> Bool {
      let isWithin = Plausible.echoTime.contains(first * factor) && Plausible.echoTime.contains(last * factor)
      guard isWithin, let dwellTime else { return isWithin }
      return spacing * factor >= 0.5 * dwellTime * Double(longest)
        && first * factor >= 0.5 * dwellTime * Double(max(0, before))
    }
    let isWithin = Plausible.echoTime.contains(first) && Plausible.echoTime.contains(last)
    guard !fits(1) else { return nil }
    let listed = times.map { String(format: "%g", $0 * 1000) }.joined(separator: ", ")
    let slip = UnitSlip.first(UnitSlip.times) { $0 * last < Plausible.echoTime.upperBound && fits($0) }
    // Where bounds hold and no unit explains the times, a dwell time may be wrong as well.
    guard !isWithin || slip?.factor == 1e3 && last < 0.5e-3 else {
      return .warning(
        "the header's echo times (\(listed) ms) are shorter than readouts of \(longest) samples need",
        assuming: "the echo times are right", remedy: "Name them with `echoTimes`")
    }
    let problem = "the header's echo times (\(listed) ms) are no echo times"
    guard let slip else {
      return .error(.contradictory, problem, remedy: "Name them with `echoTimes`")
    }
    let wanted = times.map { String(format: "%gms", $0 * slip.factor * 1000) }.joined(separator: ",")
    return .error(
      .contradictory, "\(problem): they look like \(slip.words)", remedy: "If so, say `echoTimes: \(wanted)`")
  }

  /// The shortest time between samples, if it can be one.
  private static func plausibleDwell(_ readouts: [AcquisitionHeader]) -> Double? {
    readouts.map { Double($0.sampleTime) * 1e-6 }.filter { Plausible.dwellTime.contains($0) }.min()
  }

  /// What is wrong with a field, or with a frequency that stands for one, in words; `nil` if there may be such a field.
  private static func implausible(_ field: Double, _ words: String, _ slips: [UnitSlip]) -> (
    problem: String, remedy: String
  )? {
    guard !ScanLimits.fieldStrength.contains(field) else { return nil }
    let slip = UnitSlip.first(
      slips, of: field, usual: Plausible.usualField, possible: ScanLimits.fieldStrength)
    let problem = "\(words), which is no field of a scanner"
    return (
      problem + (slip.map { ": it looks like \($0.words)" } ?? ""),
      slip.map { String(format: "`fieldStrength: %.4gT`", field * $0.factor) } ?? "`fieldStrength`"
    )
  }

  /// The measured Larmor frequency is believed before the nominal field, of two values the one that can be.
  private static func field(
    _ header: MRDHeader, _ options: ReadingOptions, _ findings: inout [Finding]
  ) -> (field: Double, frequency: Double) {
    let gamma = protonGyromagneticRatio
    if let chosen = options.fieldStrength {
      if let wrong = implausible(
        chosen, String(format: "the given field strength is %g T", chosen), UnitSlip.fields)
      {
        findings.append(.error(.contradictory, wrong.problem, remedy: "Correct it: \(wrong.remedy)"))
      }
      let stated = [header.imagingFrequency.map { $0 / gamma }, header.fieldStrength].compactMap(\.self)
        .first { ScanLimits.fieldStrength.contains($0) }
      if let stated, abs(stated / chosen - 1) > 0.05 {
        findings.append(
          .warning(
            String(
              format: "the given field strength of %g T is another than the header's, %.4g T", chosen, stated),
            assuming: "the given one"))
      }
      return (chosen, chosen * gamma)
    }
    let remedy = "`fieldStrength` sets the field"
    let stated = positive(header.fieldStrength, "a field of %g T", remedy: remedy, &findings)
    let measured = positive(
      header.imagingFrequency, "a Larmor frequency of %g MHz", unit: 1e6, remedy: remedy, &findings)
    let wrongField = stated.flatMap {
      implausible($0, String(format: "the header states a field strength of %g T", $0), UnitSlip.fields)
    }
    let wrongFrequency = measured.flatMap {
      implausible(
        $0 / gamma,
        String(format: "the header states a Larmor frequency of %g Hz, that of %.3g T", $0, $0 / gamma),
        UnitSlip.frequencies)
    }
    switch (stated, measured) {
    case (let field?, _) where wrongField == nil && wrongFrequency != nil:
      findings.append(
        .warning(
          wrongFrequency?.problem ?? "",
          assuming: String(format: "the field strength of %.4g T is right", field),
          remedy: remedy))
      return (field, field * gamma)
    case (_, let frequency?) where wrongField != nil && wrongFrequency == nil:
      findings.append(
        .warning(
          wrongField?.problem ?? "",
          assuming: String(format: "the Larmor frequency of %.6g MHz is right", frequency * 1e-6),
          remedy: remedy))
      return (frequency / gamma, frequency)
    case _ where wrongField != nil || wrongFrequency != nil:
      let wrong = wrongField ?? wrongFrequency
      findings.append(
        .error(.contradictory, wrong?.problem ?? "", remedy: "Name the field: \(wrong?.remedy ?? remedy)"))
      return (.nan, .nan)
    case (let field?, let frequency?):
      guard abs(frequency / gamma / field - 1) > 0.01 else { return (field, frequency) }
      findings.append(
        .warning(
          String(
            format: "the header states %.4g T beside a Larmor frequency of %.6g MHz, which is that of %.4g T",
            field,
            frequency * 1e-6, frequency / gamma), assuming: "the frequency is right",
          remedy: remedy))
      return (frequency / gamma, frequency)
    case (nil, let frequency?): return (frequency / gamma, frequency)
    case (let field?, nil): return (field, field * gamma)
    case (nil, nil):
      findings.append(
        .warning(
          "the header states neither field strength nor Larmor frequency",
          assuming: "an unknown field, which does for images but not for maps",
          remedy: remedy))
      return (.nan, .nan)
    }
  }

  private static func dwellTime(_ readouts: [AcquisitionHeader], _ findings: inout [Finding]) -> Double? {
    let times = Set(readouts.map(\.sampleTime)).sorted()
    guard let shortest = times.first, shortest > 0 else {
      if !times.isEmpty { findings.append(.note("sample_time_us is 0", assuming: "an unknown dwell time")) }
      return nil
    }
    guard Plausible.dwellTime.contains(Double(shortest) * 1e-6) else {
      findings.append(
        .warning(
          String(format: "the readouts state a sample time of %g us, which cannot be", shortest),
          assuming: "an unknown dwell time"))
      return nil
    }
    if times.count > 1 {
      findings.append(
        .warning(
          "readouts have \(times.count) different sample times",
          assuming: "the shortest, \(shortest) us, for all"))
    }
    return Double(shortest) * 1e-6
  }
}
