import Files
import Foundation
import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Synchronization

/// What a part of the samples says about a layout that headers alone gave.
///
/// - The signal is strongest at the centre of k-space, along all axes.
/// - All echoes show the same object, the same way round.
/// - Oversampling that nobody stated leaves the outer parts of the readout's field of view empty.
/// - Readouts that are averaged are alike.
/// - Every channel of a noise scan holds noise.
struct SampleEvidence {
  private(set) var findings: [Finding] = []

  /// The samples that are looked at, at most [byte].
  private static let mostBytes = 64 << 20
  /// The readouts that are looked at, at most and at least.
  private static let readouts = 64...2048

  /// Looks at readouts of the middle slice around the centre of k-space.
  ///
  /// - Throws: ``RawDataError`` if samples are missing.
  init(_ source: some ReadoutSource, _ layout: ScanLayout) throws(RawDataError) {
    if let covariance = try NoiseCovariance(source, layout: layout) { _ = covariance.whitening(&findings) }
    guard !layout.sliceCounters.isEmpty else { return }
    let slice = layout.sliceCounters[layout.sliceCounters.count / 2]
    let readouts = layout.image.filter { $0.slice == slice }
    let bytes = max(1, readouts.map { source.acquisitions[$0.acquisition].valueCount * 8 }.max() ?? 1)
    let most = min(max(Self.mostBytes / bytes, Self.readouts.lowerBound), Self.readouts.upperBound)
    let seen = try Profiles(source, layout, Self.central(readouts, layout.grid.matrix, most))
    guard let brightest = seen.brightest, brightest.energy > 0 else {
      findings.append(
        .warning(
          "all samples around the centre of k-space are zero or no numbers",
          assuming: "the signal lies elsewhere, if there is any"))
      return
    }
    findCentre(seen, layout, readouts)
    findSpokes(seen, layout)
    findMirrorImages(seen, layout)
    findAlternation(seen, layout)
    // Noise fills every field of view.
    if seen.standsOut(brightest) {
      checkOversampling(seen, layout)
      try checkCropping(source, layout, seen, ofSlice: slice, atMost: most)
    }
    try compareRepeats(source, layout, readouts, seen)
  }

  /// The readouts on the two axes of the grid and beside them, of the later echoes those near the centre.
  private static func central(_ readouts: [PlacedReadout], _ matrix: Extents, _ most: Int) -> [PlacedReadout]
  {
    func distance(_ readout: PlacedReadout) -> (across: Int, along: Int) {
      let y = abs(readout.line - matrix.y / 2), z = abs(readout.partition - matrix.z / 2)
      return (min(y, z), max(y, z))
    }
    let single = readouts.filter { $0.turn == 0 }
    let first = single.filter { $0.echo == 0 && distance($0).across <= 1 }.sorted {
      let a = distance($0), b = distance($1)
      return (a.across, a.along, $0.acquisition) < (b.across, b.along, $1.acquisition)
    }
    let echoes = Dictionary(grouping: single.filter { $0.echo > 0 }, by: \.echo).values
    let share = max(8, most / 2 / max(1, echoes.count))
    let later = echoes.flatMap { echo in
      echo.sorted {
        let a = distance($0), b = distance($1)
        return (a.across, a.along, $0.acquisition) < (b.across, b.along, $1.acquisition)
      }.prefix(min(share, 64))
    }
    return Array(first.prefix(most / 2)) + later
  }
}

extension SampleEvidence {
  /// Compares where the signal is strongest with the centre of k-space.
  private mutating func findCentre(_ seen: Profiles, _ layout: ScanLayout, _ readouts: [PlacedReadout]) {
    let matrix = layout.grid.matrix
    let axes: [(name: String, extent: Int, center: Int, place: (PlacedReadout) -> Int)] = [
      ("line", matrix.y, layout.grid.centerLine, { $0.line }),
      ("partition", matrix.z, layout.grid.centerPartition, { $0.partition }),
    ]
    for axis in axes where axis.extent >= 8 {
      var energies: [Int: Double] = [:]
      for (readout, energy) in seen.energies where readout.echo == 0 {
        energies[axis.place(readout)] = max(energies[axis.place(readout)] ?? 0, energy)
      }
      guard energies.count >= 4 else { continue }
      let sorted = energies.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
      let peak = sorted[0], median = sorted[sorted.count / 2].value
      let offset = peak.key - axis.extent / 2
      // Of undersampled scans the centre itself may be missing.
      let spacing = max(1, axis.extent / max(1, energies.count))
      let beside = energies.filter { abs($0.key - axis.extent / 2) <= spacing }.values.max() ?? 0
      guard abs(offset) > 1 + spacing, peak.value > 4 * beside, peak.value > 10 * median else { continue }
      let mirrored = layout.parameters.phaseSign == .negative ? -offset : offset
      findings.append(
        .warning(
          "the signal is strongest at the \(axis.name) counter \(axis.center + mirrored), \(abs(offset)) "
            + "\(axis.name)s from the centre of k-space, which matrix and limits of the header put at \(axis.center)",
          assuming: "the header's centre; what it calls partial Fourier may be a matrix that is too large, "
            + "and calibration is not at the centre", remedy: "`matrix` sets the grid of the counters"))
    }
    guard matrix.x >= 16, let peak = seen.readoutPeak else { return }
    let offset = peak.index - matrix.x / 2, longest = seen.longest
    guard abs(offset) > max(4, longest / 12), peak.power > 4 * peak.central, peak.power > 10 * peak.median
    else { return }
    findings.append(
      .warning(
        "the signal is strongest \(abs(offset)) samples \(offset < 0 ? "before" : "after") the centre of the echo that "
          + "center_sample states",
        assuming: "the stated centre; images have a phase that rises along the readout"))
  }

  /// Looks for readouts that all pass through the centre of k-space, which lines beside each other do not.
  private mutating func findSpokes(_ seen: Profiles, _ layout: ScanLayout) {
    let centre = layout.grid.matrix.z / 2
    let lines = seen.energies.filter { $0.key.echo == 0 && $0.key.partition == centre }
    let energies = lines.values.sorted(), extent = layout.grid.matrix.y
    guard energies.count >= 16, 2 * energies.count > extent, layout.grid.matrix.x >= 16 else { return }
    let low = energies[energies.count / 20], high = energies[energies.count * 19 / 20]
    let central = lines.keys.count { seen.peaksAtCentre.contains($0) }
    guard low > 0, high < 4 * low, 10 * central > 9 * energies.count else { return }
    findings.append(
      .error(
        .contradictory,
        "all \(energies.count) readouts that were looked at are strongest at their middle and equally strong, as spokes "
          + "through the centre of k-space are, although the header calls the scan Cartesian",
        remedy: "Only Cartesian scans can be reconstructed; grid the data first"))
  }

  /// Compares the odd lines' profile along the readout with that of the even ones.
  private mutating func findAlternation(_ seen: Profiles, _ layout: ScanLayout) {
    let length = layout.grid.matrix.x
    guard length >= 8, let even = seen.evenLines, let odd = seen.oddLines,
      even.isMirrored(odd, length: length)
    else { return }
    findings.append(
      .error(
        .contradictory,
        "the odd lines are the mirror image of the even ones along the readout, as lines of alternating polarity are, "
          + "although their flags do not say so",
        remedy: "Set the flag ACQ_IS_REVERSE of these readouts with the converter"))
  }

  /// Compares the later echoes' profiles along all axes with the first one's.
  private mutating func findMirrorImages(_ seen: Profiles, _ layout: ScanLayout) {
    let later = 1..<max(1, layout.parameters.echoTimes.count)
    for (axis, name) in ["line", "partition"].enumerated() {
      let length = layout.grid.matrix[axis + 1]
      guard length >= 8, let first = seen.profile(ofEcho: 0, across: axis, length) else { continue }
      let turned = later.filter { echo in
        seen.profile(ofEcho: echo, across: axis, length).map { first.isMirrored($0, length: length) } ?? false
      }
      guard !turned.isEmpty else { continue }
      findings.append(
        .error(
          .contradictory,
          "\(turned.count == 1 ? "echo" : "echoes") \(listed(turned.map { $0 + 1 })) (counted from 1) "
            + "\(turned.count == 1 ? "is the mirror image" : "are mirror images") of echo 1 along \(["y", "z"][axis])",
          remedy: "Correct the \(name) counter of these readouts with the converter"))
    }
    guard layout.grid.matrix.x >= 8, let first = seen.profiles[0] else { return }
    let length = layout.grid.matrix.x
    let mirrored = later.filter { echo in
      seen.profiles[echo].map { first.isMirrored($0, length: length) } ?? false
    }
    guard !mirrored.isEmpty else { return }
    let reversed = mirrored.count { layout.parameters.polarities[$0] == .reversed }
    findings.append(
      .error(
        .contradictory,
        "\(mirrored.count == 1 ? "echo" : "echoes") \(listed(mirrored.map { $0 + 1 })) (counted from 1) "
          + "\(mirrored.count == 1 ? "is the mirror image" : "are mirror images") of echo 1 along the readout, although "
          + "\(reversed == 0 ? "no readout of it is marked as reversed" : "its readouts were turned, as they are marked as reversed") "
          + "(a bipolar readout)",
        remedy: "Set or clear the flag ACQ_IS_REVERSE of these readouts with the converter"))
  }

  /// Looks for signal where assumed oversampling would cut it off.
  private mutating func checkOversampling(_ seen: Profiles, _ layout: ScanLayout) {
    let ratio = layout.grid.assumedOversampling, length = layout.grid.matrix.x
    guard ratio > 1, let profile = seen.profiles[0] else { return }
    let inside = Double(length) / ratio / 2
    var inner = (0.0, 0.0), outer = (0.0, 0.0)
    for (index, power) in profile.enumerated() {
      // The outermost part of the inner field of view is left out, as edges blur.
      let place = abs(Double(index % length - length / 2))
      if place < inside { inner = (inner.0 + power, inner.1 + 1) }
      if place > inside + 1 { outer = (outer.0 + power, outer.1 + 1) }
    }
    guard outer.1 > 0, inner.1 > 0, outer.0 / outer.1 > 0.05 * inner.0 / inner.1 else { return }
    let views = layout.grid.fieldOfView.map { $0.map { String(format: "%g", $0 * 1000) } ?? "?" }
    let whole = views.joined(separator: "x")
    let small =
      ([layout.grid.fieldOfView[0].map { String(format: "%g", $0 * 1000 / ratio) } ?? "?"] + views.dropFirst())
      .joined(separator: "x")
    findings.append(
      .error(
        .contradictory,
        "readouts have more samples than the header's matrix, and signal beyond the field of view that oversampling would "
          + "leave to the images",
        remedy:
          "Say what the samples cover: `fieldOfView: \(whole)mm` (oversampled) or `fieldOfView: \(small)mm` (smaller voxels)"
      ))
  }

  /// Looks for signal where images would be cropped although the header prescribes as many voxels as were encoded.
  ///
  /// Such a header is that of a scanner that interpolates, or one with a wrong field of view.
  private mutating func checkCropping(
    _ source: some ReadoutSource, _ layout: ScanLayout, _ seen: Profiles, ofSlice middle: Int,
    atMost most: Int
  ) throws(RawDataError) {
    let grid = layout.grid
    let axes = (0..<2).filter {
      grid.prescribedRefinement[$0] > 1.5 && !($0 == 0 && grid.assumedOversampling > 1)
        && grid.prescribed[$0] < grid.matrix[$0]
    }
    guard !axes.isEmpty else { return }
    var cut: Set<Int> = []
    // An object reaches further in some slices than in others; image lines with gaps tell nothing, but the calibration's
    // have none.
    let slices = layout.sliceCounters, step = max(1, slices.count / 16)
    for slice in stride(from: 0, to: slices.count, by: step).map({ slices[$0] }) {
      for isImage in [true, false] {
        let readouts = (isImage ? layout.image : layout.calibration).filter { $0.slice == slice }
        guard !readouts.isEmpty else { continue }
        let seen =
          isImage && slice == middle
          ? seen : try Profiles(source, layout, Self.central(readouts, grid.matrix, most))
        guard let brightest = seen.brightest, seen.standsOut(brightest) else { continue }
        for axis in axes {
          let extent = grid.matrix[axis], kept = grid.prescribed[axis]
          let powers =
            axis == 0
            ? seen.powerAlongReadout(extent, kept: kept) : seen.powerAlongLines(extent, kept: kept)
          if let (inner, outer) = powers, inner > 0, outer > 0.01 * inner { cut.insert(axis) }
        }
      }
    }
    for axis in cut.sorted() {
      let extent = grid.matrix[axis]
      let encoded = grid.fieldOfView[axis].map(EncodedGrid.millimetres) ?? "unknown"
      let name = axis == 0 ? "x" : "y"
      let views = grid.fieldOfView.map { $0.map { String(format: "%g", $0 * 1000) } ?? "?" }
      findings.append(
        .error(
          .contradictory,
          "images would be cropped from \(extent) to \(grid.prescribed[axis]) voxels along \(name), as the header states an "
            + "encoded field of view of \(encoded), but it prescribes more voxels, and there is signal in what would be cut",
          remedy:
            "Say what the \(extent) points cover: `fieldOfView: \(views.joined(separator: "x"))mm` if the header is right"
        ))
    }
  }

  /// Compares readouts that would be averaged.
  private mutating func compareRepeats(
    _ source: some ReadoutSource, _ layout: ScanLayout, _ readouts: [PlacedReadout], _ seen: Profiles
  ) throws(RawDataError) {
    let repeated = seen.energies.filter { $0.key.turns > 1 }
    guard
      let strongest = repeated.max(by: { ($0.value, $1.key.acquisition) < ($1.value, $0.key.acquisition) })
    else { return }
    // Noise is unlike by nature; what stands out of the other lines is signal.
    guard seen.standsOut((strongest.key, strongest.value)) else { return }
    let group = readouts.filter { $0.position == strongest.key.position }.prefix(64)
    let indices = group.map(\.acquisition).sorted()
    let rows = try source.samples(of: indices), length = rows.values.map(\.count).min() ?? 0
    var total = 0.0, common = 0.0
    for sample in 0..<length {
      var re = 0.0, im = 0.0
      for index in indices {
        guard let value = rows[index]?[sample] else { continue }
        re += Double(value.real)
        im += Double(value.imaginary)
        total += Double(value.real) * Double(value.real) + Double(value.imaginary) * Double(value.imaginary)
      }
      common += (re * re + im * im) / Double(indices.count)
    }
    guard total > 0, total.isFinite else { return }
    // Of noise alone, all but one part in n is left once the mean is taken away.
    let excess = max(0, 1 - common / total) * Double(indices.count) / Double(indices.count - 1)
    let disagreement = min(1, excess)
    guard disagreement > 0.03 else { return }
    let counters = indices.map { source.acquisitions[$0].counters }
    let isSegment = Set(counters.map(\.segment)).count > 1
    let name = isSegment ? "segment" : "average"
    let problem = String(
      format:
        "the %d readouts of line %d that differ in their %@ counter are not alike (%.0f %% of their signal is not common)",
      indices.count, Int(counters[0].line), name, 100 * disagreement)
    guard disagreement > 0.1 else {
      findings.append(.warning(problem, assuming: "they are averages, whose phase drifts"))
      return
    }
    let value = isSegment ? Int(counters[0].segment) : Int(counters[0].average)
    findings.append(
      .error(
        .contradictory, "\(problem): \(name)s that hold different contrasts must not be averaged",
        remedy: "Read one with `\(name): \(value)`, or set the contrast counter with the converter"))
  }
}

/// The energy of readouts, and that of their images along the readout.
private struct Profiles {
  /// The energy of each readout that was looked at.
  private(set) var energies: [PlacedReadout: Double] = [:]
  /// The power along the readout of each echo, summed over lines, axes `[channel, x]`.
  private(set) var profiles: [Int: [Double]] = [:]
  /// Where the samples of the first echo are strongest along `kx`.
  private(set) var readoutPeak: (index: Int, power: Double, central: Double, median: Double)?
  /// The same of the even and of the odd lines of the first echo.
  var evenLines: [Double]? { parities[0] }
  var oddLines: [Double]? { parities[1] }
  private var parities: [Int: [Double]] = [:]
  /// The readouts of the first echo whose strongest sample is the middle one, far above their others.
  private(set) var peaksAtCentre: Set<PlacedReadout> = []
  /// The samples around `kx = 0`, axes `[channel, kx]`, of the lines of the central partition and of the partitions of
  /// the central line of each echo.
  private var middles: [Arm: [Int: [Complex<Float>]]] = [:]
  private let channels: Int

  /// Positions of one echo along one axis of the grid through the centre.
  private struct Arm: Hashable {
    let echo: Int
    /// 0 along lines, 1 along partitions.
    let axis: Int
  }
  /// The number of samples of the longest readout.
  let longest: Int

  /// The readout with the most energy.
  var brightest: (readout: PlacedReadout, energy: Double)? {
    energies.max { ($0.value, $1.key.acquisition) < ($1.value, $0.key.acquisition) }.map {
      ($0.key, $0.value)
    }
  }

  /// What readouts were found to hold.
  private struct Sums {
    var energies: [PlacedReadout: Double] = [:]
    var profiles: [Int: [Double]] = [:]
    var alongReadout: [Double]
    var parities: [Int: [Double]] = [:]
    var peaksAtCentre: Set<PlacedReadout> = []
    var middles: [Arm: [Int: [Complex<Float>]]] = [:]
  }

  init(
    _ source: some ReadoutSource, _ layout: ScanLayout, _ readouts: [PlacedReadout]
  ) throws(RawDataError) {
    let acquisitions = source.acquisitions, length = layout.grid.matrix.x, channels = layout.channels
    self.channels = channels
    longest = readouts.map { acquisitions[$0.acquisition].keptCount }.max() ?? 0
    let byIndex = Dictionary(readouts.map { ($0.acquisition, $0) }, uniquingKeysWith: { first, _ in first })
    let kernel = ReadoutKernel(
      grid: layout.grid, channels: channels, whitening: nil, phaseSign: .positive,
      correction: layout.correction)
    let transform = FourierTransform(shape: [channels, length], axes: [1])
    let sums = Mutex(Sums(alongReadout: Array(repeating: 0, count: length)))
    try source.forEachReadout(byIndex.keys.sorted()) { index, samples in
      guard let readout = byIndex[index], samples.areFinite, samples.haveFiniteSquares,
        Int(acquisitions[index].activeChannels) == channels
      else { return }
      var rows = NDArray<Complex<Float>>(repeating: .zero, shape: [channels, length])
      var energy = 0.0
      var powers = [Double](repeating: 0, count: length),
        images = [Double](repeating: 0, count: channels * length)
      rows.withUnsafeMutableBufferPointer { rows in
        kernel.place(samples, acquisitions[index], in: rows)
        for position in rows.indices { powers[position % length] += rows[position].power }
      }
      energy = powers.reduce(0, +)
      var around: [Complex<Float>] = []
      let isOnLines = readout.partition == layout.grid.matrix.z / 2
      let isOnPartitions = readout.line == layout.grid.matrix.y / 2
      if isOnLines || isOnPartitions {
        for channel in 0..<channels {
          for x in max(0, length / 2 - 2)..<min(length, length / 2 + 3) { around.append(rows[channel, x]) }
        }
      }
      let strongest = powers.indices.max { powers[$0] < powers[$1] } ?? 0
      let measured = powers.filter { $0 > 0 }.sorted()
      let isPeaked =
        abs(strongest - length / 2) <= 1
        && powers[strongest] > 30 * (measured.isEmpty ? 1 : measured[measured.count / 2])
      transform.inverse(&rows)
      rows.withUnsafeBufferPointer { rows in for index in rows.indices { images[index] = rows[index].power } }
      sums.withLock { sums in
        sums.energies[readout] = energy
        if isOnLines { sums.middles[Arm(echo: readout.echo, axis: 0), default: [:]][readout.line] = around }
        if isOnPartitions {
          sums.middles[Arm(echo: readout.echo, axis: 1), default: [:]][readout.partition] = around
        }
        if readout.echo == 0 {
          if isPeaked { sums.peaksAtCentre.insert(readout) }
          var own = sums.parities[readout.line & 1] ?? Array(repeating: 0, count: channels * length)
          for index in images.indices { own[index] += images[index] }
          sums.parities[readout.line & 1] = own
        }
        var profile = sums.profiles[readout.echo] ?? Array(repeating: 0, count: channels * length)
        for index in images.indices { profile[index] += images[index] }
        sums.profiles[readout.echo] = profile
        if readout.echo == 0 { for x in 0..<length { sums.alongReadout[x] += powers[x] } }
      }
    }
    (energies, profiles) = sums.withLock { ($0.energies, $0.profiles) }
    let along = sums.withLock { $0.alongReadout }
    (middles, parities) = sums.withLock { ($0.middles, $0.parities) }
    peaksAtCentre = sums.withLock { $0.peaksAtCentre }
    guard let peak = along.indices.max(by: { along[$0] < along[$1] }), along[peak] > 0 else { return }
    let sampled = along.filter { $0 > 0 }.sorted(), middle = length / 2
    readoutPeak = (
      peak, along[peak], along[max(0, middle - 1)...min(length - 1, middle + 1)].max() ?? 0,
      sampled[sampled.count / 2]
    )
  }
}

extension Profiles {
  /// Whether a readout is signal: far stronger than others of its echo.
  fileprivate func standsOut(_ strongest: (readout: PlacedReadout, energy: Double)) -> Bool {
    let others = energies.filter { $0.key.echo == strongest.readout.echo }.values.sorted()
    return !others.isEmpty && strongest.energy > 10 * others[others.count / 2]
  }

  /// The mean power of the images within the middle part of the readout and beyond it; `nil` if nothing was seen.
  fileprivate func powerAlongReadout(_ length: Int, kept: Int) -> (inner: Double, outer: Double)? {
    guard let profile = profiles[0] else { return nil }
    let first = length / 2 - kept / 2
    var (inner, outer) = (0.0, 0.0)
    for (index, power) in profile.enumerated() {
      if (first..<first + kept).contains(index % length) { inner += power } else { outer += power }
    }
    return (inner / Double(kept), outer / Double(max(1, length - kept)))
  }

  /// The mean power of the images within the middle part of the lines' field of view and beyond it, from the unbroken
  /// lines around the centre of k-space; `nil` if those are too few to tell.
  fileprivate func powerAlongLines(_ lines: Int, kept: Int) -> (inner: Double, outer: Double)? {
    guard let (columns, _) = columns(Arm(echo: 0, axis: 0), lines, reaching: 64),
      let tapers = try? SlepianTapers(count: columns[0].count, part: Double(kept) / Double(lines)),
      !tapers.inside.isEmpty, !tapers.outside.isEmpty
    else { return nil }
    func power(_ sequences: [[Complex<Float>]]) -> Double {
      columns.reduce(0) { $0 + SlepianTapers.power(of: $1, seenBy: sequences) }
    }
    return (power(tapers.inside), power(tapers.outside))
  }

  /// The power of the images of an echo along lines (0) or partitions (1), axes `[channel, place]`, from the unbroken
  /// positions around the centre of k-space, which a window keeps from ringing; `nil` if those are too few.
  fileprivate func profile(ofEcho echo: Int, across axis: Int, _ length: Int) -> [Double]? {
    guard let (columns, reach) = columns(Arm(echo: echo, axis: axis), length, reaching: 16) else {
      return nil
    }
    var image = NDArray<Complex<Float>>(repeating: .zero, shape: [columns.count, length])
    for (column, values) in columns.enumerated() {
      for (index, value) in values.enumerated() {
        let part = Double(index - reach) / Double(reach + 1)
        image[column, length / 2 + index - reach] = value.multiplied(by: Float(0.5 + 0.5 * cos(.pi * part)))
      }
    }
    FourierTransform(shape: [columns.count, length], axes: [1]).inverse(&image)
    let perChannel = columns.count / channels
    var power = [Double](repeating: 0, count: channels * length)
    for column in columns.indices {
      for place in 0..<length { power[column / perChannel * length + place] += image[column, place].power }
    }
    return power
  }

  /// What was acquired at the unbroken positions around the centre of k-space, up to `most` to either side, axes
  /// `[column, position]`; `nil` if they are fewer than six to either side.
  private func columns(
    _ arm: Arm, _ length: Int, reaching most: Int
  ) -> (values: [[Complex<Float>]], reach: Int)? {
    guard length > 1, let middles = middles[arm], let count = middles[length / 2]?.count, count > 0 else {
      return nil
    }
    var reach = 0
    while reach < most, middles[length / 2 - reach - 1] != nil, middles[length / 2 + reach + 1] != nil {
      reach += 1
    }
    guard reach >= 6 else { return nil }
    let run = (length / 2 - reach...length / 2 + reach).compactMap { middles[$0] }
    return ((0..<count).map { column in run.map { $0[column] } }, reach)
  }
}

extension Complex<Float> {
  /// The squared magnitude, which double precision holds whatever the number.
  fileprivate var power: Double {
    Double(real) * Double(real) + Double(imaginary) * Double(imaginary)
  }
}

extension [Double] {
  /// Whether another profile `[channel, x]` is this one, turned round, and not as it is.
  fileprivate func isMirrored(_ other: [Double], length: Int) -> Bool {
    let same = likeness(other, length: length) { $0 }
    let turned =
      (0...2).map { shift in likeness(other, length: length) { (length - shift - $0 + 2 * length) % length } }
      .max() ?? 0
    return turned > 0.9 && 1 - turned < 0.25 * (1 - same) && same < 0.98
  }

  /// How alike the amplitudes of two profiles `[channel, x]` are, once the second one's positions are mapped: the
  /// correlation coefficient.
  fileprivate func likeness(_ other: [Double], length: Int, at place: (Int) -> Int) -> Double {
    var (a, b, aa, bb, ab) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for index in indices {
      let (channel, x) = index.quotientAndRemainder(dividingBy: length)
      let (u, v) = (self[index].squareRoot(), other[channel * length + place(x)].squareRoot())
      (a, b, aa, bb, ab) = (a + u, b + v, aa + u * u, bb + v * v, ab + u * v)
    }
    let n = Double(count), spread = (aa - a * a / n) * (bb - b * b / n)
    return spread > 0 ? (ab - a * b / n) / spread.squareRoot() : 0
  }
}
