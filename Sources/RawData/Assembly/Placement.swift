import Files
import MRIData

/// Where one readout goes.
struct PlacedReadout: Hashable {
  /// The index of the readout in the file.
  var acquisition: Int
  /// The slice counter.
  var slice: Int
  /// The index of the echo.
  var echo: Int
  /// The index along `kz`.
  var partition: Int
  /// The index along `ky`.
  var line: Int
  /// The readout's place among those that are averaged at this position.
  var turn = 0
  /// The number of readouts that are averaged at this position.
  var turns = 1

  /// The position, for comparing.
  var position: SIMD4<Int32> { [Int32(slice), Int32(echo), Int32(partition), Int32(line)] }
}

/// The positions of the image lines, or of the calibration lines.
struct Placement {
  /// The readouts in the order of the file, each with its position.
  private(set) var readouts: [PlacedReadout] = []

  /// Places readouts by their counters.
  ///
  /// Readouts of one position are averaged if their average or segment counters differ. Their order within
  /// the sum follows from counters, not from the file, so that the file's order does not show in the last bit.
  init(
    _ indices: [Int], of acquisitions: [AcquisitionHeader], on grid: EncodedGrid,
    calibrationCenters: CalibrationCenters? = nil, echoes: EchoAssignment, phaseSign: PhaseSign,
    findings: inout [Finding]
  ) {
    let echoOfContrast = Dictionary(
      zip(echoes.contrasts, 0...), uniquingKeysWith: { first, _ in first })
    readouts.reserveCapacity(indices.count)
    var beyond: (first: Int, axis: String, counter: Int, count: Int)?
    for index in indices {
      let counters = acquisitions[index].counters
      let own = calibrationCenters?[acquisitions[index].encodingSpace]
      var line = Int(counters.line), center = own?.line ?? grid.centerLine
      var echo = echoOfContrast[Int(counters.contrast)] ?? 0
      if echoes.rule == .lineModulo {
        (line, echo) = line.quotientAndRemainder(dividingBy: echoes.count)
        center = grid.matrix.y / 2
      }
      line += grid.matrix.y / 2 - center
      var partition = Int(counters.partition) + grid.matrix.z / 2 - (own?.partition ?? grid.centerPartition)
      guard (0..<grid.matrix.y).contains(line), (0..<grid.matrix.z).contains(partition) else {
        let isLine = !(0..<grid.matrix.y).contains(line)
        beyond =
          beyond.map { ($0.first, $0.axis, $0.counter, $0.count + 1) }
          ?? (index, isLine ? "line" : "partition", Int(isLine ? counters.line : counters.partition), 1)
        continue
      }
      if phaseSign == .negative {
        line = mirrored(line, grid.matrix.y)
        partition = mirrored(partition, grid.matrix.z)
      }
      readouts.append(
        PlacedReadout(
          acquisition: index, slice: Int(counters.slice), echo: echo, partition: partition, line: line))
    }
    if let beyond {
      findings.append(Self.refusal(beyond, acquisitions, indices, grid))
    }
    orderTurns(acquisitions, echoes: echoes, findings: &findings)
  }

  private mutating func orderTurns(
    _ acquisitions: [AcquisitionHeader], echoes: EchoAssignment, findings: inout [Finding]
  ) {
    func key(_ readout: PlacedReadout) -> (UInt16, UInt16, UInt32) {
      let header = acquisitions[readout.acquisition]
      return (header.counters.average, header.counters.segment, header.scanCounter)
    }
    let order = readouts.indices.sorted { first, second in
      let a = readouts[first], b = readouts[second]
      return a.position == b.position ? key(a) < key(b) : a.position.precedes(b.position)
    }
    var start = 0
    while start < order.count {
      let position = readouts[order[start]].position
      var end = start + 1
      while end < order.count, readouts[order[end]].position == position { end += 1 }
      settle(order[start..<end], acquisitions, echoes, &findings)
      start = end
    }
  }

  /// Tells the readouts of one position apart: as echoes, as averages, or not at all.
  private mutating func settle(
    _ group: ArraySlice<Int>, _ acquisitions: [AcquisitionHeader], _ echoes: EchoAssignment,
    _ findings: inout [Finding]
  ) {
    func header(_ index: Int) -> AcquisitionHeader { acquisitions[readouts[index].acquisition] }
    var isClear = true
    if echoes.rule == .order {
      let ordered = group.sorted { header($0).scanCounter < header($1).scanCounter }
      isClear =
        ordered.count == echoes.count
        && zip(ordered, ordered.dropFirst()).allSatisfy { header($0).scanCounter < header($1).scanCounter }
      for (echo, index) in ordered.enumerated() where isClear { readouts[index].echo = echo }
    } else {
      isClear = zip(group, group.dropFirst()).allSatisfy {
        let a = header($0).counters, b = header($1).counters
        return a.average != b.average || a.segment != b.segment
      }
      for (turn, index) in group.enumerated() {
        readouts[index].turn = turn
        readouts[index].turns = group.count
      }
    }
    guard !isClear, !findings.contains(where: { $0.severity == .error }) else { return }
    let claims = group.map { readouts[$0].acquisition }.sorted()
    let first = readouts[group[group.startIndex]], counters = acquisitions[claims[0]].counters
    let place = "line \(counters.line), partition \(counters.partition), slice \(counters.slice)"
    if echoes.rule == .order {
      findings.append(
        .error(
          .contradictory,
          "acquisitions \(listed(claims)) are the \(claims.count) readouts of \(place), not one for each of "
            + "\(echoes.count) echoes with rising scan counters",
          remedy:
            "Give \(claims.count) values to `echoTimes`, or set the contrast counters with the converter"))
    } else {
      findings.append(
        .error(
          .contradictory,
          "acquisitions \(listed(claims)) all claim \(place), echo \(first.echo), and no average or segment counter tells them apart",
          remedy: "If they are echoes, name the \(claims.count) echo times with `echoTimes`; if they are "
            + "averages or repetitions, set those counters with the converter"))
    }
  }

  /// More echoes than any gradient-echo scan has.
  private static let mostEchoes = 16

  /// The message for counters beyond the grid, with the grids that would hold them.
  private static func refusal(
    _ beyond: (first: Int, axis: String, counter: Int, count: Int), _ acquisitions: [AcquisitionHeader],
    _ indices: [Int], _ grid: EncodedGrid
  ) -> Finding {
    let isLine = beyond.axis == "line"
    let extent = isLine ? grid.matrix.y : grid.matrix.z
    let counters = indices.map {
      Int(isLine ? acquisitions[$0].counters.line : acquisitions[$0].counters.partition)
    }
    let first = counters.min() ?? 0, last = counters.max() ?? 0
    let whole = isLine ? "\(last + 1)x\(grid.matrix.z)" : "\(grid.matrix.y)x\(last + 1)"
    var remedy = "Set the grid with `matrix: \(whole)`"
    // As many lines as samples, several times over: echoes whose counter the converter did not set.
    let distinct = Set(counters).count
    let length = grid.readoutLength
    if isLine, last >= 2 * length - 1, (last + 1) % length == 0, last < mostEchoes * length,
      distinct == last + 1,
      Set(indices.map { acquisitions[$0].counters.contrast }).count == 1
    {
      let echoes = (last + 1) / length
      remedy =
        "There are \(echoes) times as many lines as samples: if these are \(echoes) echoes, say so with "
        + "`matrix: \(length)x\(grid.matrix.z)` `echoTimes: "
        + (1...echoes).map { "TE\($0)" }.joined(separator: ",")
        + "`; if not, set the grid with `matrix: \(whole)`"
    }
    // As many as the grid has: a larger one would hold them off its centre, and never be full.
    if first > 0, last - first == extent - 1 {
      remedy =
        "They begin at \(first): count \(beyond.axis)s from 0 with the converter, or state the minimum, maximum and center of "
        + "kspace_encoding_step_\(isLine ? 1 : 2) in the header's encodingLimits"
    }
    return .error(
      .contradictory,
      "acquisition \(beyond.first) has the \(beyond.axis) counter \(beyond.counter), beyond the \(extent) "
        + "\(beyond.axis)s of the encoded matrix \(grid.matrix) (\(beyond.count) of \(indices.count) readouts "
        + "are, counters run to \(last))", remedy: remedy)
  }
}

/// The index of `-k` on an axis whose centre is `n / 2`; index 0 of an even axis is its own mirror image.
func mirrored(_ index: Int, _ extent: Int) -> Int { (2 * (extent / 2) - index + extent) % extent }

extension SIMD4<Int32> {
  fileprivate func precedes(_ other: SIMD4<Int32>) -> Bool {
    for axis in 0..<4 where self[axis] != other[axis] { return self[axis] < other[axis] }
    return false
  }
}
