import Foundation

/// Where trajectories put the lines of a grid, beside where counters and the header put them.
///
/// ```
/// k[axis] = a + b counter[axis]     b > 0, and 0 at the centre n / 2 of the axis
/// ```
///
/// Units are those of the trajectories, whatever they are. Only trajectories in the axes of the scan, whose readouts run
/// along the first of them, can be compared so.
struct TrajectoryPlaces {
  /// One readout.
  struct Readout {
    /// The indices on the grid along `ky` and `kz`, as the counters say.
    let counters: SIMD2<Int>
    let first: SIMD3<Double>
    let last: SIMD3<Double>
    /// The number of samples from the first to the last.
    let samples: Int
    /// How many samples behind the first one the header puts the centre.
    let center: Int
    /// Whether samples follow each other at an even pace.
    let isEven: Bool
  }

  private let readouts: [Readout]
  private let grid: EncodedGrid

  init(_ readouts: [Readout], _ grid: EncodedGrid) {
    self.readouts = readouts
    self.grid = grid
  }

  /// More lines or samples than this away from the centre is not rounding.
  private static let slack = 1.5

  private static let remedy =
    "Set the counters with the converter, or remove the trajectories if they are wrong"

  /// The comparison: what contradicts, or what agrees.
  ///
  /// - Parameter count: The number of readouts that carry trajectories.
  func findings(_ count: Int) -> [Finding] {
    guard
      readouts.allSatisfy({ readout in
        let chord = readout.last - readout.first
        return abs(chord.x) > 0.99 * (chord * chord).sum().squareRoot()
      })
    else {
      return [
        .note(
          "\(count) readouts carry trajectories, which are not in the axes of the scan",
          assuming: "the counters; the directions of axes and the centre of k-space were not compared")
      ]
    }
    var findings: [Finding] = [], silent: [String] = []
    var steps = [pace(), nil, nil]
    for axis in 1...2 {
      let counters = readouts.map { Double(axis == 1 ? $0.counters.x : $0.counters.y) }
      guard let lowest = counters.min(), let highest = counters.max(), lowest < highest else { continue }
      let places = readouts.map { ($0.first[axis] + $0.last[axis]) / 2 }
      guard let step = Self.slope(of: places, over: counters) else {
        silent.append(["ky", "kz"][axis - 1])
        continue
      }
      steps[axis] = abs(step.rate)
      if let finding = Self.misfit(
        axis, counters, places, step, extent: axis == 1 ? grid.matrix.y : grid.matrix.z)
      {
        findings.append(finding)
      }
    }
    if let finding = shift() { findings.append(finding) }
    findings += scales(steps)
    guard findings.isEmpty else { return findings }
    return [
      .note(
        "\(count) readouts carry trajectories",
        assuming: silent.isEmpty
          ? "the counters, which agree with them"
          : "the counters; trajectories say nothing along \(silent.joined(separator: " and "))")
    ]
  }

  /// The line through places over counters by least squares; `nil` if all places are one.
  private static func slope(
    of places: [Double], over counters: [Double]
  ) -> (rate: Double, counter: Double, place: Double)? {
    let count = Double(counters.count)
    let counter = counters.reduce(0, +) / count, place = places.reduce(0, +) / count
    let spread = places.map { abs($0 - place) }.max() ?? 0
    let largest = places.map(abs).max() ?? 0
    guard spread > 1e-6 * largest else { return nil }
    var above = 0.0, below = 0.0
    for (x, y) in zip(counters, places) {
      above += (x - counter) * (y - place)
      below += (x - counter) * (x - counter)
    }
    return (above / below, counter, place)
  }

  private static func misfit(
    _ axis: Int, _ counters: [Double], _ places: [Double],
    _ line: (rate: Double, counter: Double, place: Double), extent: Int
  ) -> Finding? {
    let (name, counted) = axis == 1 ? ("ky", "line") : ("kz", "partition")
    if let odd = zip(counters, places).first(where: { counter, place in
      abs(place - line.place - line.rate * (counter - line.counter)) > 0.75 * abs(line.rate)
    }) {
      return .error(
        .contradictory,
        "the trajectory puts a readout of \(counted) \(Int(odd.0)) elsewhere along \(name) than its counter does",
        remedy: remedy)
    }
    if line.rate < 0 {
      return .error(
        .contradictory,
        "trajectories run backwards along \(name), against the \(counted) counter: images would be mirrored",
        remedy:
          "Reverse the \(counted) counter with the converter, or remove the trajectories if they are not in the scan's axes"
      )
    }
    let zero = line.counter - line.place / line.rate, off = zero - Double(extent / 2)
    guard abs(off) > slack else { return nil }
    return .warning(
      String(
        format:
          "trajectories have the centre of k-space along %@ %.1f %@s from where the header and the %@ counter have it",
        name, abs(off), counted, counted),
      assuming: "the counters and the header's centre", remedy: remedy)
  }

  /// The distance of samples along `kx`; `nil` if they do not follow each other at an even pace.
  private func pace() -> Double? {
    guard let readout = readouts.first(where: \.isEven), readout.samples > 1 else { return nil }
    return abs(readout.last.x - readout.first.x) / Double(readout.samples - 1)
  }

  /// A centre of the readouts apart from the header's.
  private func shift() -> Finding? {
    guard grid.statesReadoutCenter else { return nil }
    for readout in readouts where readout.isEven && readout.samples > 1 {
      let pace = (readout.last.x - readout.first.x) / Double(readout.samples - 1)
      let off = -readout.first.x / pace - Double(readout.center)
      guard abs(off) > Self.slack else { continue }
      return .warning(
        String(
          format:
            "trajectories have the centre of k-space along kx %.1f samples from center_sample, as in a readout of line %d",
          abs(off), readout.counters.x),
        assuming: "center_sample",
        remedy: "Set center_sample with the converter, or remove the trajectories if they are wrong")
    }
    return nil
  }

  /// Steps along two axes whose ratio is that of no unit: grid steps, parts of the matrix, or one over the field of view.
  private func scales(_ steps: [Double?]) -> [Finding] {
    let extents = [grid.matrix.x, grid.matrix.y, grid.matrix.z].map(Double.init)
    return (1...2).compactMap { axis in
      guard let x = steps[0], let other = steps[axis], x > 0, other > 0 else { return nil }
      var ratios = [1, extents[axis] / extents[0]]
      if let across = grid.fieldOfView[axis], let along = grid.fieldOfView[0], along > 0 {
        ratios.append(across / along)
        // Before the assumed oversampling, as the header has it.
        ratios.append(across / along * grid.assumedOversampling)
      }
      let found = x / other
      guard ratios.allSatisfy({ abs(found / $0 - 1) > 0.15 }) else { return nil }
      return .warning(
        String(
          format:
            "trajectories step by %.4g along kx and by %.4g along %@, which fits the header's matrix and field of view in no unit",
          x, other, ["ky", "kz"][axis - 1]),
        assuming: "the header's field of view",
        remedy: "`fieldOfView` sets another one; or remove the trajectories if they are wrong")
    }
  }
}
