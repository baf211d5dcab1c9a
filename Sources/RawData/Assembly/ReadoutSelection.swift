import Files
import MRIData

/// Which readouts of a file belong to the volume that is asked for.
struct ReadoutSelection {
  /// The use of every acquisition.
  private(set) var uses: [ReadoutUse]
  /// The encoding of the image lines.
  private(set) var encodingSpace = 0
  /// The number of channels of the image lines.
  private(set) var channels = 0

  /// Sorts the acquisitions by flags, encoding, counters and channels.
  init(
    _ acquisitions: [AcquisitionHeader], header: MRDHeader, options: ReadingOptions, findings: inout [Finding]
  ) {
    uses = acquisitions.map(\.flaggedUse)
    let empty = uses.indices.filter { uses[$0] == .leftOut(.empty) }
    if let first = empty.first {
      findings.append(
        .warning(
          "\(empty.count) readouts, the first of them acquisition \(first), hold no samples or no channels",
          assuming: "they are left out"))
    }
    guard uses.contains(where: \.isImage) else {
      findings.append(
        .error(
          .incomplete,
          acquisitions.isEmpty
            ? "the file holds no readouts"
            : "none of the \(acquisitions.count) readouts is an image line (\(Self.summary(of: uses)))",
          remedy: "Export the scan again with its image lines, or name the file that holds them"))
      return
    }
    selectEncoding(acquisitions, header: header, chosen: options.encodingSpace, findings: &findings)
    for (counter, chosen) in [
      (SelectableCounter.repetition, options.repetition), (.set, options.set),
      (.cardiacPhase, options.cardiacPhase), (.slice, options.slice), (.average, options.average),
      (.segment, options.segment),
    ] {
      select(counter, chosen, among: acquisitions, findings: &findings)
    }
    if options.slice == nil { leaveOutStrays(of: "slice", \.slice, .otherSlice, acquisitions, &findings) }
    let contrasts = Set(uses.indices.filter { uses[$0].isImage }.map { acquisitions[$0].counters.contrast })
    if options.echoTimes?.count != contrasts.count {
      leaveOutStrays(of: "contrast", \.contrast, .strayEcho, acquisitions, &findings)
    }
    leaveOutStrays(acquisitions, &findings)
    checkChannels(acquisitions, header: header, findings: &findings)
  }

  /// Leaves out the few image lines of quite another length than the others of their echo: they belong to something else,
  /// and must not decide about the grid.
  private mutating func leaveOutStrays(_ acquisitions: [AcquisitionHeader], _ findings: inout [Finding]) {
    var lengths: [UInt16: [Int: Int]] = [:]
    for index in uses.indices where uses[index].isImage {
      lengths[acquisitions[index].counters.contrast, default: [:]][
        acquisitions[index].keptCount, default: 0] +=
        1
    }
    var strays: [Int] = []
    for (contrast, counts) in lengths.sorted(by: { $0.key < $1.key }) {
      guard let usual = counts.max(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key else { continue }
      func isStray(_ length: Int) -> Bool { 10 * abs(length - usual) > usual }
      let total = counts.values.reduce(0, +)
      let count = counts.reduce(0) { $0 + (isStray($1.key) ? $1.value : 0) }
      guard count > 0, total >= 8, count <= max(1, total / 20) else { continue }
      strays += uses.indices.filter {
        uses[$0].isImage && acquisitions[$0].counters.contrast == contrast
          && isStray(acquisitions[$0].keptCount)
      }
    }
    guard let first = strays.min() else { return }
    for index in strays { uses[index] = .leftOut(.otherLength) }
    findings.append(
      .warning(
        "\(counted(strays.count, "readout")), the first of them acquisition \(first) with "
          + "\(acquisitions[first].keptCount) samples, are of another length than the other image lines",
        assuming: "they are left out"))
  }

  /// Leaves out the few image lines whose slice or contrast hardly any other has: a counter went wrong, and must not add a
  /// slice or an echo that is all but empty.
  private mutating func leaveOutStrays(
    of name: String, _ counter: KeyPath<EncodingCounters, UInt16>, _ omission: Omission,
    _ acquisitions: [AcquisitionHeader], _ findings: inout [Finding]
  ) {
    let groups = Dictionary(grouping: uses.indices.filter { uses[$0].isImage }) {
      acquisitions[$0].counters[keyPath: counter]
    }
    let usual = groups.values.map(\.count).max() ?? 0, total = groups.values.reduce(0) { $0 + $1.count }
    let strays = groups.filter { 20 * $0.value.count <= usual }.sorted { $0.key < $1.key }
    let indices = strays.flatMap(\.value)
    guard let first = indices.min(), indices.count <= max(1, total / 20) else { return }
    for index in indices { uses[index] = .leftOut(omission) }
    findings.append(
      .warning(
        "\(counted(indices.count, "readout")), the first of them acquisition \(first), have the \(name) counter "
          + "\(listed(strays.map { Int($0.key) })), while \(usual) readouts share one",
        assuming: "they are left out",
        remedy: "Set the \(name) counter with the converter if they belong to the scan"))
  }

  /// How many readouts there are of each use, in words.
  static func summary(of uses: [ReadoutUse]) -> String {
    var parts: [String] = []
    func add(_ count: Int, _ name: String) { if count > 0 { parts.append("\(count) \(name)") } }
    add(uses.count { $0.isImage }, "image")
    add(uses.count { $0 == .calibration }, "calibration only")
    add(uses.count { $0 == .noise }, "noise")
    for omission in Omission.allCases { add(uses.count { $0 == .leftOut(omission) }, omission.rawValue) }
    return parts.joined(separator: ", ")
  }

  private mutating func selectEncoding(
    _ acquisitions: [AcquisitionHeader], header: MRDHeader, chosen: Int?, findings: inout [Finding]
  ) {
    let spaces = Set(uses.indices.filter { uses[$0].isImage }.map { Int(acquisitions[$0].encodingSpace) })
      .sorted()
    if spaces.count > 1, chosen == nil {
      findings.append(
        .error(
          .unsupported, "image lines lie in the encodings \(listed(spaces))",
          remedy: "Choose one with `encodingSpace: \(spaces[0])`"))
    }
    encodingSpace = chosen ?? spaces[0]
    if !spaces.contains(encodingSpace) {
      findings.append(
        .error(
          .incomplete, "no image line belongs to encoding \(encodingSpace)",
          remedy: "Choose one of \(listed(spaces)) with `encodingSpace`"))
    }
    var strangers: [Int: Int] = [:]
    for index in uses.indices where Int(acquisitions[index].encodingSpace) != encodingSpace {
      if uses[index].isImage {
        uses[index] = .leftOut(.otherEncoding)
      } else if uses[index] == .calibration {
        let space = Int(acquisitions[index].encodingSpace)
        guard !haveEqualSampling(header, space, encodingSpace) else { continue }
        uses[index] = .leftOut(.unusableCalibration)
        strangers[space, default: 0] += 1
      }
    }
    for (space, count) in strangers.sorted(by: { $0.key < $1.key }) {
      findings.append(
        .warning(
          "\(count) calibration lines belong to encoding \(space), whose field of view is not known to be that of the image lines",
          assuming: "they are left out, and parallel imaging calibrates on image lines"))
    }
  }

  /// Whether two encodings have the same distance of k-space samples, so that counters mean the same positions.
  private func haveEqualSampling(_ header: MRDHeader, _ first: Int, _ second: Int) -> Bool {
    guard header.encodings.indices.contains(first), header.encodings.indices.contains(second) else {
      return false
    }
    let spaces = [first, second].map { header.encodings[$0].encodedSpace }
    guard !spaces.contains(.unknown) else { return false }
    let a = spaces[0].fieldOfView, b = spaces[1].fieldOfView
    return (0..<3).allSatisfy { abs(a[$0] - b[$0]) <= 1e-3 * abs(b[$0]) }
  }

  /// Keeps one value of a counter; for slices, all of them unless one is chosen.
  private mutating func select(
    _ counter: SelectableCounter, _ chosen: Int?, among acquisitions: [AcquisitionHeader],
    findings: inout [Finding]
  ) {
    func value(_ index: Int) -> Int { Int(acquisitions[index].counters[keyPath: counter.path]) }
    let values = Set(uses.indices.filter { uses[$0].isImage }.map(value)).sorted()
    guard let first = values.first else { return }
    if chosen == nil, counter.isOptional { return }
    if chosen == nil, values.count > 1 {
      findings.append(
        .error(
          .unsupported, "the scan holds \(values.count) \(counter.plural): \(listed(values))",
          remedy: "Choose one with `\(counter.setting): \(first)`"))
    }
    let kept = chosen ?? first
    if !values.contains(kept) {
      findings.append(
        .error(
          .incomplete, "no image line has \(counter.name) \(kept)",
          remedy: "Choose one of \(listed(values)) with `\(counter.setting)`"))
    }
    // Calibration lines may have been measured once for all repetitions.
    let calibrated = Set(uses.indices.filter { uses[$0] == .calibration }.map(value))
    let keptCalibration = calibrated.contains(kept) ? kept : calibrated.min()
    for index in uses.indices {
      if uses[index].isImage
        ? value(index) != kept : uses[index] == .calibration && value(index) != keptCalibration
      {
        uses[index] = .leftOut(counter.omission)
      }
    }
  }

  private mutating func checkChannels(
    _ acquisitions: [AcquisitionHeader], header: MRDHeader, findings: inout [Finding]
  ) {
    guard let first = uses.firstIndex(where: \.isImage) else { return }
    channels = Int(acquisitions[first].activeChannels)
    if let other = uses.indices.first(where: {
      uses[$0].isImage && acquisitions[$0].activeChannels != channels
    }) {
      findings.append(
        .error(
          .contradictory,
          "acquisition \(other) has \(acquisitions[other].activeChannels) channels, acquisition \(first) has \(channels)",
          remedy: "Export the scan with the same receive channels for every line"))
    }
    let misfits = uses.indices.filter {
      uses[$0] == .calibration && acquisitions[$0].activeChannels != channels
    }
    if let misfit = misfits.first {
      for index in misfits { uses[index] = .leftOut(.unusableCalibration) }
      findings.append(
        .warning(
          "calibration lines, the first of them acquisition \(misfit), have \(acquisitions[misfit].activeChannels) "
            + "channels instead of \(channels)", assuming: "they are left out"))
    }
    if let stated = header.receiverChannels, stated != channels {
      findings.append(
        .note(
          "the header states \(stated) receive channels, the readouts have \(channels)",
          assuming: "the readouts are right"))
    }
  }
}
