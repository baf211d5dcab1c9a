import MRIData

/// Which echo each image line belongs to.
struct EchoAssignment {
  /// The contrast counter of each echo.
  private(set) var contrasts: [Int]
  /// How the echo of a line is found.
  private(set) var rule = Rule.contrast
  /// The number of echoes.
  private(set) var count: Int

  /// How the echo of a line is found.
  enum Rule {
    /// By the contrast counter.
    case contrast
    /// By the line counter, which runs on over the echoes of a shot: `echo = line mod n`.
    case lineModulo
    /// By the order in time of the readouts at one position.
    case order
  }

  /// Finds the rule.
  ///
  /// A contrast counter that tells echoes apart is always used. If it is the same everywhere and the user names
  /// several echo times, the echoes are told apart by the line counter, if it runs beyond the grid, or by time.
  init(
    _ readouts: [AcquisitionHeader], grid: EncodedGrid, options: ReadingOptions, findings: inout [Finding]
  ) {
    contrasts = Set(readouts.map { Int($0.counters.contrast) }).sorted()
    count = contrasts.count
    guard let wanted = options.echoTimes?.count, wanted != contrasts.count else { return }
    guard contrasts.count == 1 else {
      findings.append(
        .error(
          .contradictory,
          "\(wanted) echo times were given, but the contrast counters tell \(contrasts.count) echoes apart",
          remedy: "Give \(contrasts.count) values to `echoTimes`"))
      return
    }
    let lines = readouts.map { Int($0.counters.line) }
    let last = lines.max() ?? 0
    if last >= grid.matrix.y, last < grid.matrix.y * wanted {
      rule = .lineModulo
      findings.append(
        .warning(
          "the contrast counter is \(contrasts[0]) in every readout, while line counters run to \(last)",
          assuming: "\(wanted) echoes, echo = line mod \(wanted), line = line div \(wanted)"))
      checkShots(readouts, wanted, findings: &findings)
    } else if repeats(readouts) {
      rule = .order
      findings.append(
        .warning(
          "the contrast counter is \(contrasts[0]) in every readout, while positions repeat",
          assuming: "\(wanted) echoes, told apart by the order of their scan counters"))
    } else {
      findings.append(
        .error(
          .contradictory, "\(wanted) echo times were given, but the readouts hold a single echo",
          remedy: "Give one value to `echoTimes`"))
      return
    }
    count = wanted
    contrasts = Array(repeating: contrasts[0], count: wanted)
  }

  /// The echoes of one shot follow each other in time, so that consecutive readouts must share `line div n`.
  private func checkShots(_ readouts: [AcquisitionHeader], _ echoes: Int, findings: inout [Finding]) {
    let ordered = readouts.sorted { ($0.scanCounter, $0.counters.line) < ($1.scanCounter, $1.counters.line) }
    let agrees = stride(from: 0, to: ordered.count - echoes + 1, by: echoes).allSatisfy { start in
      let shots = ordered[start..<start + echoes].map { Int($0.counters.line) / echoes }
      return shots.allSatisfy { $0 == shots[0] }
    }
    if !agrees || ordered.count % echoes != 0 {
      findings.append(
        .error(
          .unsupported,
          "the \(ordered.count) readouts do not come in shots of \(echoes) echoes with consecutive line counters",
          remedy:
            "Check the number of values given to `echoTimes`, or set the contrast counters with the converter"
        ))
    }
  }

  private func repeats(_ readouts: [AcquisitionHeader]) -> Bool {
    var seen: Set<EncodingCounters> = []
    return readouts.contains { !seen.insert($0.counters).inserted }
  }
}
