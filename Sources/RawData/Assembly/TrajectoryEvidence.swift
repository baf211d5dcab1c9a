import Foundation

/// What trajectories say about readouts that are taken for lines of a Cartesian grid.
///
/// On a grid all readouts run along one straight line direction and lie beside each other as their counters say. At an even
/// pace, samples are those of the grid; on gradient ramps they are not, and the trajectories say where they are.
struct TrajectoryEvidence {
  private(set) var findings: [Finding] = []
  /// Where samples lie along `kx`, if not at an even pace.
  private(set) var positions: SamplePositions?

  private static let mostReadouts = 256

  /// Compares trajectories of image lines with their counters.
  ///
  /// - Parameter allowsRamps: Whether an uneven pace is used rather than refused.
  init(
    _ source: some ReadoutSource, _ layout: ScanLayout, allowsRamps: Bool
  ) throws(RawDataError) {
    let acquisitions = source.acquisitions
    let all = layout.image.filter { acquisitions[$0.acquisition].trajectoryDimensions > 0 }
    guard !all.isEmpty else { return }
    // An odd step does not keep to one value of a counter that runs fastest.
    let step = max(1, all.count / Self.mostReadouts) | 1
    var lines: [Line] = []
    for index in stride(from: 0, to: all.count, by: step) {
      let readout = all[index], header = acquisitions[readout.acquisition]
      let values = try source.trajectory(ofReadout: readout.acquisition)
      // Conjugation mirrors lines on the grid; trajectories are those of the file.
      var own = readout
      if layout.parameters.phaseSign == .negative {
        own.line = mirrored(readout.line, layout.grid.matrix.y)
        own.partition = mirrored(readout.partition, layout.grid.matrix.z)
      }
      guard let line = Line(values, header, own) else { continue }
      lines.append(line)
    }
    findings = verdict(lines, of: all.count, layout, allowsRamps: allowsRamps)
  }

  private mutating func verdict(
    _ lines: [Line], of count: Int, _ layout: ScanLayout, allowsRamps: Bool
  ) -> [Finding] {
    if let finding = misfit(lines, of: count, layout, allowsRamps: allowsRamps) { return [finding] }
    let told = lines.filter { $0.length > 0 }
    return TrajectoryPlaces(
      told.map {
        .init(
          counters: $0.counters, first: $0.first, last: $0.last, samples: $0.samples, center: $0.center,
          isEven: $0.unevenness <= 0.75)
      }, layout.grid
    ).findings(count)
  }

  /// What forbids to take readouts for lines of a grid, or says that trajectories tell nothing.
  private mutating func misfit(
    _ lines: [Line], of count: Int, _ layout: ScanLayout, allowsRamps: Bool
  ) -> Finding? {
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
    if let backwards = told.first(where: { $0.runsBackwards }) {
      return .error(
        .contradictory,
        "the trajectory of the readout of line \(backwards.counters.x) runs \(backwards.isReversed ? "forwards" : "backwards") along kx, although "
          + "the readout is \(backwards.isReversed ? "" : "not ")marked as reversed: images would be mirrored",
        remedy:
          "Set or clear the flag ACQ_IS_REVERSE with the converter, or remove the trajectories if they are not in the scan's axes"
      )
    }
    if let uneven = told.first(where: { $0.unevenness > 0.75 }) {
      if allowsRamps { return ramps(told, layout) ?? strangers(told, first) }
      return .error(
        .unsupported,
        String(
          format:
            "the trajectory of the readout of line %d is up to %.1f samples from an even pace (samples on gradient ramps)",
          uneven.counters.x, uneven.unevenness), remedy: "Regrid the readouts along their trajectory first")
    }
    return strangers(told, first)
  }

  /// Takes over where samples lie, if all readouts of a direction agree about it.
  ///
  /// - Returns: What is wrong, if something is.
  private mutating func ramps(_ lines: [Line], _ layout: ScanLayout) -> Finding? {
    let extent = Double(layout.grid.matrix.x)
    guard let leader = lines.first(where: { !$0.isReversed }) ?? lines.first else { return nil }
    let towards = leader.isReversed ? -leader.direction : leader.direction
    guard let unit = Self.unit(of: leader, extent: extent, fieldOfView: layout.grid.fieldOfView[0]) else {
      return .error(
        .unsupported,
        String(
          format:
            "samples lie at an uneven pace (gradient ramps) along trajectories of length %.4g, which is that of %g samples in no "
            + "known unit", leader.length, extent),
        remedy: "Write trajectories in 1/m, or from -0.5 to 0.5 over the encoded matrix")
    }
    var shared: [Bool: [Double]] = [:]
    for line in lines {
      let places = line.places(along: towards).map { $0 * unit }
      guard let known = shared[line.isReversed] else {
        shared[line.isReversed] = places
        continue
      }
      guard known.count == places.count, zip(known, places).allSatisfy({ abs($0 - $1) < 0.1 }) else {
        return .error(
          .unsupported,
          "trajectories put samples of line \(line.counters.x) elsewhere along the readout than those of other lines",
          remedy: "Only scans whose lines are all sampled alike can be reconstructed; grid the data first")
      }
    }
    guard let forward = shared[false] ?? shared[true].map({ $0.map(-) }) else { return nil }
    positions = SamplePositions(
      trajectory: forward, reversed: shared[true] ?? forward.map(-))
    return nil
  }

  /// The number of grid steps that one unit of trajectories is: grid steps themselves, parts of the matrix, 1/m, 1/mm, and
  /// those times 2 pi.
  private static func unit(of line: Line, extent: Double, fieldOfView: Double?) -> Double? {
    let view = fieldOfView ?? 0
    let units = [1, extent, view, view * 1000].flatMap { [$0, $0 / (2 * .pi)] }.filter { $0 > 0 }
    func misfit(_ unit: Double) -> Double { abs((line.length * unit / extent).logarithm) }
    guard let best = units.min(by: { misfit($0) < misfit($1) }), misfit(best) < 0.25 else { return nil }
    return best
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
    let isReversed: Bool
    private let points: [SIMD3<Double>]
    let first: SIMD3<Double>
    let last: SIMD3<Double>
    /// The number of samples from the first to the last.
    let samples: Int
    /// How many samples behind the first one the header puts the centre.
    let center: Int
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
      isReversed = header.flags.contains(.isReverse)
      points = (0..<count).map(point)
      first = point(kept.lowerBound)
      last = point(kept.upperBound - 1)
      samples = kept.count
      center = Int(header.centerSample) - kept.lowerBound
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

    /// Whether it runs along the readout's axis, the other way than its flag says.
    var runsBackwards: Bool {
      abs(direction.x) > 0.99 && (direction.x < 0) != isReversed
    }

    /// The direction from the first to the last sample.
    var direction: SIMD3<Double> { (last - first) / length }

    /// Where all samples lie along a direction.
    func places(along direction: SIMD3<Double>) -> [Double] { points.map { ($0 * direction).sum() } }

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

extension Double {
  fileprivate var logarithm: Double { self > 0 ? Foundation.log(self) : -.infinity }
}
