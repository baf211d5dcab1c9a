import Foundation

/// What trajectories say about readouts that are taken for lines of a Cartesian grid.
///
/// On a grid all readouts run along one straight line direction at an even pace, and lie beside each other as their
/// counters say.
struct TrajectoryEvidence {
  private(set) var findings: [Finding] = []

  private static let mostReadouts = 256

  /// Compares trajectories of image lines with their counters.
  init(_ source: some ReadoutSource, _ layout: ScanLayout) throws(RawDataError) {
    let acquisitions = source.acquisitions
    let all = layout.image.filter { acquisitions[$0.acquisition].trajectoryDimensions > 0 }
    guard !all.isEmpty else { return }
    let step = max(1, all.count / Self.mostReadouts)
    var lines: [Line] = []
    for index in stride(from: 0, to: all.count, by: step) {
      let readout = all[index], header = acquisitions[readout.acquisition]
      let values = try source.trajectory(ofReadout: readout.acquisition)
      guard let line = Line(values, header, readout) else { continue }
      lines.append(line)
    }
    findings = [verdict(lines, of: all.count)]
  }

  private func verdict(_ lines: [Line], of count: Int) -> Finding {
    let remedy = "Only Cartesian scans can be reconstructed; grid the data first"
    // Readouts without a direction, such as those that converters fill with zeros, say nothing.
    let told = lines.filter { $0.length > 0 }
    guard let first = told.first else {
      return .note("\(count) readouts carry trajectories that say nothing", assuming: "the counters hold")
    }
    if let bent = told.first(where: { $0.bend > 0.02 }) {
      return .error(
        .unsupported,
        "the trajectory of the readout of line \(bent.counters.x) is no straight line, although the header calls the scan "
          + "Cartesian", remedy: remedy)
    }
    if let turned = told.first(where: { abs($0.cosine(with: first)) < 0.99 }) {
      return .error(
        .unsupported,
        "the trajectories of readouts run in different directions, such as those of lines \(first.counters.x) and "
          + "\(turned.counters.x): the scan is not Cartesian", remedy: remedy)
    }
    if let uneven = told.first(where: { $0.unevenness > 0.75 }) {
      return .error(
        .unsupported,
        String(
          format:
            "the trajectory of the readout of line %d is up to %.1f samples from an even pace (samples on gradient ramps)",
          uneven.counters.x, uneven.unevenness), remedy: "Regrid the readouts along their trajectory first")
    }
    if let finding = strangers(told, first) { return finding }
    return .note("\(count) readouts carry trajectories", assuming: "the counters, which agree with them")
  }

  /// Lines whose places across the readout are not in proportion to their counters.
  private func strangers(_ lines: [Line], _ first: Line) -> Finding? {
    // The distance of each line from the first one, and the number of steps that counters put between them.
    let pairs = lines.dropFirst().map { line -> (steps: Double, distance: Double, line: Line) in
      let apart = line.counters &- first.counters
      let across = line.middle(beyond: first)
      return (
        Double(apart.x * apart.x + apart.y * apart.y).squareRoot(), across, line
      )
    }
    // Only scans of one axis of lines are simple enough to say so.
    guard lines.allSatisfy({ $0.counters.y == first.counters.y }) else { return nil }
    let rates = pairs.filter { $0.steps > 0 }.map { $0.distance / $0.steps }.sorted()
    guard !rates.isEmpty else { return nil }
    let rate = rates[rates.count / 2]
    guard rate > 0, let odd = pairs.first(where: { abs($0.distance - rate * $0.steps) > 0.75 * rate }) else {
      return nil
    }
    return .error(
      .contradictory,
      "the trajectory puts the readout of line \(odd.line.counters.x) elsewhere than its counter does",
      remedy: "Set the counters with the converter, or remove the trajectories if they are wrong")
  }

  /// The trajectory of one readout.
  private struct Line {
    let counters: SIMD2<Int>
    let first: SIMD3<Double>
    let last: SIMD3<Double>
    /// The distance of its ends.
    let length: Double
    /// The largest distance of a point from the straight line between the ends, in parts of ``length``.
    let bend: Double
    /// The largest distance of a point from its place at an even pace [samples].
    let unevenness: Double

    init?(_ values: [Float], _ header: AcquisitionHeader, _ readout: PlacedReadout) {
      let dimensions = Int(header.trajectoryDimensions), count = values.count / max(1, dimensions)
      let kept = Int(header.discardPre)..<max(Int(header.discardPre), count - Int(header.discardPost))
      guard kept.count > 1, values.allSatisfy(\.isFinite) else { return nil }
      // Dimensions beyond the third are weights.
      func point(_ index: Int) -> SIMD3<Double> {
        var point = SIMD3<Double>.zero
        for axis in 0..<min(3, dimensions) { point[axis] = Double(values[index * dimensions + axis]) }
        return point
      }
      func norm(_ vector: SIMD3<Double>) -> Double { (vector * vector).sum().squareRoot() }
      counters = [readout.line, readout.partition]
      first = point(kept.lowerBound)
      last = point(kept.upperBound - 1)
      let chord = last - first
      length = norm(chord)
      guard length > 0 else {
        (bend, unevenness) = (0, 0)
        return
      }
      var widest = 0.0, farthest = 0.0
      for index in kept {
        let offset = point(index) - first
        let along = (offset * chord).sum() / length
        widest = max(widest, norm(offset - along / length * chord) / length)
        let place = along / length * Double(kept.count - 1)
        farthest = max(farthest, abs(place - Double(index - kept.lowerBound)))
      }
      (bend, unevenness) = (widest, farthest)
    }

    func cosine(with other: Line) -> Double {
      ((last - first) * (other.last - other.first)).sum() / (length * other.length)
    }

    /// The distance of the middle from another line, across the direction of that.
    func middle(beyond other: Line) -> Double {
      let direction = (other.last - other.first) / other.length
      let offset = (first + last) / 2 - (other.first + other.last) / 2
      let across = offset - (offset * direction).sum() * direction
      return (across * across).sum().squareRoot()
    }
  }
}
