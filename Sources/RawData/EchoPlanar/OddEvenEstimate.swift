import Files
import Foundation
import FourierTransforms
import MRIData
import NDArrays
import Numerics
import Synchronization

/// The phases between the directions of an echo-planar scan, from navigators, from the image, or both.
struct OddEvenEstimate {
  typealias Group = EchoPlanarCorrection.Group
  private typealias Line = (row: Int, isReversed: Bool, image: [Complex<Float>])

  /// How the phase of a group came to be known.
  private enum Evidence { case navigators, navigatorsAndImage, image, none }

  /// The phases of each channel.
  private(set) var phases: [Group: [OddEvenPhase]] = [:]
  /// What the user should know of them.
  var finding: Finding {
    Self.finding(evidence, phases, layout, acquisitions, navigators: navigatorCount)
  }

  private let acquisitions: [AcquisitionHeader]
  private let layout: ScanLayout
  private let kernel: ReadoutKernel
  private let navigatorCount: Int
  private var evidence: [Evidence] = []
  private var extent: Int { layout.grid.matrix.x }

  /// The number of lines of either direction that a plane must have for its image to tell the phase.
  private static let fewestLines = 8
  /// The part of a plane's lines that must be there for its image to mend what navigators tell.
  private static let smallestPart = 0.7
  /// The part of a plane's sum of magnitudes that must go for its image to mend what navigators tell: a ghost that is there takes
  /// 1 %, while noise and an object that lies over its own ghost shift the minimum of a flat curve.
  private static let smallestGain = 0.004
  /// The navigators of a slice that are looked at, at most.
  private static let mostNavigators = 512

  /// Compares the directions.
  ///
  /// - Parameters:
  ///   - source: The readouts.
  ///   - layout: The layout by headers.
  ///   - kernel: Brings readouts onto the grid.
  ///   - trains: The navigators.
  ///   - used: The lines of the image and of the calibration.
  /// - Throws: ``RawDataError`` if samples cannot be read.
  init(
    _ source: some ReadoutSource, _ layout: ScanLayout, _ kernel: ReadoutKernel, _ trains: [NavigatorTrain],
    of used: [AcquisitionHeader]
  ) throws(RawDataError) {
    acquisitions = source.acquisitions
    self.layout = layout
    self.kernel = kernel
    navigatorCount = trains.reduce(0) { $0 + $1.readouts.count }
    // Lines of one direction have no odd/even phase.
    let directions = Dictionary(grouping: used, by: \.group).mapValues { lines in
      Set(lines.map { $0.flags.contains(.isReverse) }).count
    }
    let groups = directions.filter { $0.value == 2 }.keys.sorted {
      ($0.slice, $0.contrast, $0.isCalibration ? 1 : 0) < ($1.slice, $1.contrast, $1.isCalibration ? 1 : 0)
    }
    var navigated: [[Int]: [OddEvenPhase]] = [:]
    for group in groups {
      let own = Self.trains(trains, for: group)
      let indices = own.flatMap(\.readouts)
      if navigated[indices] == nil, !own.isEmpty { navigated[indices] = try navigatorPhases(source, own) }
      var known = navigated[indices]
      if group.isCalibration {
        known = known ?? phases[Group(slice: group.slice, contrast: group.contrast, isCalibration: false)]
      } else {
        var plane = try centralPlane(source, group)
        if plane == nil, known == nil {
          // Reference lines without gaps, read out alike.
          plane = try centralPlane(
            source, Group(slice: group.slice, contrast: group.contrast, isCalibration: true))
        }
        known = mended(known, by: plane)
      }
      if let known { phases[group] = known }
    }
  }

  /// The phases with which a plane shows the least ghost, near those of navigators where there are any.
  private mutating func mended(
    _ navigated: [OddEvenPhase]?, by plane: (search: GhostSearch, isComplete: Bool)?
  ) -> [OddEvenPhase]? {
    guard var search = plane?.search else {
      evidence.append(navigated == nil ? .none : .navigators)
      return navigated
    }
    guard let navigated else {
      evidence.append(.image)
      return search.refinedByChannel(near: search.searched())
    }
    guard plane?.isComplete == true else {
      evidence.append(.navigators)
      return navigated
    }
    search.remove(navigated)
    let rest = search.refined()
    guard rest.gain > Self.smallestGain else {
      evidence.append(.navigators)
      return navigated
    }
    evidence.append(.navigatorsAndImage)
    return navigated.map { $0 + rest.phase }
  }

  /// The navigators of a group; of any contrast or slice where it has none of its own.
  private static func trains(
    _ trains: [NavigatorTrain], for group: Group
  ) -> [NavigatorTrain] {
    var own = trains
    for isFitting: (NavigatorTrain) -> Bool in [
      { $0.slice == Int(group.slice) }, { $0.isCalibration == group.isCalibration },
      { $0.contrast == Int(group.contrast) },
    ] {
      let fitting = own.filter(isFitting)
      if !fitting.isEmpty { own = fitting }
    }
    var kept: [NavigatorTrain] = []
    let step = max(1, own.reduce(0) { $0 + $1.readouts.count } / mostNavigators)
    for index in stride(from: 0, to: own.count, by: step) { kept.append(own[index]) }
    return kept
  }

  /// The phases of all channels by navigators; `nil` if none of them follows one of the other direction.
  ///
  /// A navigator is compared with the mean of its two neighbours, which were read out as long before as after it: what
  /// evolves between them is no odd/even phase. A pair stands for itself.
  private func navigatorPhases(
    _ source: some ReadoutSource, _ trains: [NavigatorTrain]
  ) throws(RawDataError) -> [OddEvenPhase]? {
    let images = try images(source, trains.flatMap(\.readouts))
    let channels = layout.channels, extent = extent
    var products = [[Complex<Double>]](
      repeating: Array(repeating: .zero, count: extent), count: channels)
    var hasAny = false
    func isReversed(_ index: Int) -> Bool { acquisitions[index].flags.contains(.isReverse) }
    func add(_ middle: Int, _ neighbours: [Int]) {
      guard let own = images[middle] else { return }
      let others = neighbours.compactMap { images[$0] }
      guard others.count == neighbours.count,
        neighbours.allSatisfy({ isReversed($0) != isReversed(middle) })
      else { return }
      hasAny = true
      for channel in 0..<channels {
        for x in 0..<extent {
          let index = channel * extent + x
          let mean = others.reduce(Complex<Float>.zero) { $0 + $1[index] }
          let product = isReversed(middle) ? own[index] * mean.conjugate : mean * own[index].conjugate
          products[channel][x] += Complex(Double(product.real), Double(product.imaginary))
        }
      }
    }
    for train in trains {
      let readouts = train.readouts
      if readouts.count == 2 { add(readouts[0], [readouts[1]]) }
      for index in readouts.indices.dropFirst().dropLast() {
        add(readouts[index], [readouts[index - 1], readouts[index + 1]])
      }
    }
    return hasAny ? products.map { OddEvenPhase(products: $0) } : nil
  }

  /// The plane through the centre of k-space in which directions alternate, if it has lines enough to tell anything.
  private func centralPlane(
    _ source: some ReadoutSource, _ group: Group
  ) throws(RawDataError) -> (search: GhostSearch, isComplete: Bool)? {
    let matrix = layout.grid.matrix
    let lines = (group.isCalibration ? layout.calibration : layout.image).filter {
      $0.turn == 0 && acquisitions[$0.acquisition].group == group
    }
    let planes: [(lines: [PlacedReadout], extent: Int, row: (PlacedReadout) -> Int)] = [
      (lines.filter { $0.partition == matrix.z / 2 }, matrix.y, \.line),
      (lines.filter { $0.line == matrix.y / 2 }, matrix.z, \.partition),
    ]
    for plane in planes {
      let reversed = plane.lines.count { acquisitions[$0.acquisition].flags.contains(.isReverse) }
      guard min(reversed, plane.lines.count - reversed) >= Self.fewestLines else { continue }
      let images = try images(source, plane.lines.map(\.acquisition))
      let rows = plane.lines.compactMap { line -> Line? in
        guard let image = images[line.acquisition] else { return nil }
        return (
          plane.row(line), acquisitions[line.acquisition].flags.contains(.isReverse), image
        )
      }
      guard rows.count == plane.lines.count else { return nil }
      let first = extent / 2 - layout.grid.prescribed.x / 2
      // An unsampled end, of partial Fourier, leaves no aliases; gaps do.
      let range = rows.map(\.row).min().map { low in low...(rows.map(\.row).max() ?? low) }
      let span = min(range?.count ?? 0, plane.extent)
      return (
        GhostSearch(
          rows, channels: layout.channels, rows: plane.extent, columns: extent,
          seen: first..<first + layout.grid.prescribed.x),
        Double(rows.count) >= Self.smallestPart * Double(span)
      )
    }
    return nil
  }

  /// The images along the readout of readouts, axes `[channel, x]`; those with broken samples are missing.
  private func images(
    _ source: some ReadoutSource, _ indices: [Int]
  ) throws(RawDataError) -> [Int: [Complex<Float>]] {
    let transform = FourierTransform(shape: [layout.channels, extent], axes: [1])
    let images = Mutex<[Int: [Complex<Float>]]>([:])
    let acquisitions = acquisitions, kernel = kernel, count = layout.channels * extent
    try source.forEachReadout(Array(Set(indices)).sorted()) { index, samples in
      guard samples.areFinite, samples.haveFiniteSquares else { return }
      let image = [Complex<Float>](unsafeUninitializedCapacity: count) { buffer, initialized in
        let rows = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
        rows.initialize(repeating: .zero)
        kernel.place(samples, acquisitions[index], in: rows)
        transform.inverse(rows)
        initialized = count
      }
      images.withLock { $0[index] = image }
    }
    return images.withLock { $0 }
  }

  private static func finding(
    _ evidence: [Evidence], _ phases: [Group: [OddEvenPhase]], _ layout: ScanLayout,
    _ acquisitions: [AcquisitionHeader], navigators: Int
  ) -> Finding {
    let reversed = layout.image.count { acquisitions[$0.acquisition].flags.contains(.isReverse) }
    let problem =
      "\(reversed) of \(layout.image.count) image lines were read out backwards, mixed with forward ones within an echo (echo-planar)"
    let all = phases.values.flatMap(\.self)
    let largest = all.map { abs($0.constant) }.max() ?? 0
    let shift = all.map { abs($0.shift(onGridOf: layout.grid.matrix.x)) }.max() ?? 0
    let values = String(
      format: "up to %.3g degrees and %.3g samples between the directions", largest * 180 / .pi, shift)
    if evidence.contains(.none) {
      return .warning(
        "\(problem), without navigators or lines enough to compare the directions",
        assuming: "the directions differ in nothing else; ghosts are not corrected")
    }
    if evidence.contains(.image) {
      return .warning(
        "\(problem), without navigators for phase correction",
        assuming: "the odd/even phase is the one with which images show the least ghost, \(values); "
          + "an image half a field of view away would be its own ghost")
    }
    let images =
      evidence.contains(.navigatorsAndImage) ? ", mended until images show the least ghost" : ""
    return .note(
      problem,
      assuming: "the odd/even phase of each channel is that of \(navigators) navigators\(images): \(values)")
  }
}
