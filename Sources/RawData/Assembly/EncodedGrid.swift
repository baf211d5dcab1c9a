import Foundation
import MRIData

/// The grid in k-space on which the readouts of a volume are placed.
public struct EncodedGrid: Sendable, Equatable {
  /// The number of k-space points along each axis, readout oversampling included.
  public internal(set) var matrix: Extents
  /// The field of view that ``matrix`` covers in the image [m]; `nil` along an axis where nobody states it.
  public internal(set) var fieldOfView: [Double?]
  /// The length of the readout once it is cut down to the prescribed field of view.
  public internal(set) var readoutLength: Int
  /// The grid of the prescribed field of view; images are cropped to it.
  public internal(set) var prescribed: Extents
  /// The line counter at the centre of k-space; `n / 2` unless the header states it credibly.
  var centerLine: Int
  /// The partition counter at the centre of k-space.
  var centerPartition: Int
  /// Whether `center_sample` says where the centre of the readout is.
  var statesReadoutCenter = true
  /// How many times finer than the header's matrix the readout is taken to be sampled, by oversampling that the header
  /// does not state; 1 if there is nothing to assume.
  var assumedOversampling = 1.0
  /// The voxels that the header prescribes for each one of the grid, where images are cropped and only the header says so.
  ///
  /// 1 elsewhere. Much more than 1 says that a field of view may be wrong.
  var prescribedRefinement = [1.0, 1.0, 1.0]
}

extension AcquisitionHeader {
  /// The number of samples that are kept.
  var keptCount: Int { Int(sampleCount) - Int(discardPre) - Int(discardPost) }

  /// The index of `kx = 0` among the kept samples once they run along `+kx`.
  var keptCenter: Int {
    let center = Int(centerSample) - Int(discardPre)
    return flags.contains(.isReverse) ? keptCount - 1 - center : center
  }
}

extension EncodedGrid {
  /// Finds the grid from the header where it can be believed, and from the readouts where it cannot.
  ///
  /// A header is not believed if an extent is no positive whole number (a converter scaled it), or along the
  /// readout if there are more samples than it states. Counters beyond the grid are for the caller to refuse.
  ///
  /// - Parameters:
  ///   - encoding: What the header says of this encoding.
  ///   - readouts: The image lines, and the calibration lines on the same grid; at least one.
  init(
    encoding: MRDHeader.Encoding?, readouts: [AcquisitionHeader], options: ReadingOptions,
    findings: inout [Finding]
  ) {
    let stated = encoding?.encodedSpace.matrix
    let isWhole = stated.map { matrix in
      (0..<3).allSatisfy {
        matrix[$0] >= 1 && matrix[$0] <= Double(Int32.max) && abs(matrix[$0] - matrix[$0].rounded()) < 1e-6
      }
    }
    let header = isWhole == true ? stated.map { Extents(x: Int($0.x), y: Int($0.y), z: Int($0.z)) } : nil
    let lines = AxisCounters(
      "line", "kspace_encoding_step_1", readouts.map { Int($0.counters.line) }, encoding, &findings)
    let partitions = AxisCounters(
      "partition", "kspace_encoding_step_2", readouts.map { Int($0.counters.partition) }, encoding, &findings)

    let longest = readouts.map(\.keptCount).max() ?? 1
    statesReadoutCenter = longest == 1 || readouts.contains { $0.centerSample > 0 }
    let sampled = Self.smallestGrid(
      before: statesReadoutCenter ? readouts.map(\.keptCenter).max() ?? 0 : longest / 2,
      after: statesReadoutCenter
        ? readouts.map { $0.keptCount - $0.keptCenter }.max() ?? 1 : longest - longest / 2, atLeast: longest)

    let x: Int
    if let chosen = options.matrix?.x {
      x = chosen
    } else if let header, longest <= header.x {
      x = header.x
    } else {
      x = sampled
    }
    var grid = Self.matrix(x, header, stated, lines, partitions, options, &findings)
    if max(grid.x, grid.y, grid.z) > Self.largestExtent || grid.y * grid.z > Self.largestPlane {
      findings.append(
        .error(
          .malformed,
          "the encoded matrix \(grid) is larger than any scan (\(Self.largestExtent) points along an axis, "
            + "\(Self.largestPlane) lines)", remedy: "Set the grid with `matrix`, or export the scan again"))
      grid = Extents(x: 1, y: 1, z: 1)
    }
    let (lineCount, partitionCount) = (grid.y, grid.z)
    centerLine = lines.center(on: lineCount, option: { "`matrix: \($0)x\(partitionCount)`" }, &findings)
    centerPartition = partitions.center(
      on: partitionCount, option: { "`matrix: \(lineCount)x\($0)`" }, &findings)
    matrix = grid
    for (axis, counters) in [(matrix.y, lines), (matrix.z, partitions)] {
      guard let limit = counters.limit, limit.maximum - limit.minimum >= axis else { continue }
      findings.append(
        .note(
          "the header's limits \(limit.minimum)...\(limit.maximum) of the \(counters.name) counter exceed the matrix of \(axis)",
          assuming: "the matrix is right"))
    }

    if options.matrix == nil, let header {
      let spans = [
        longest, lines.limit.map { _ in lines.smallestGrid },
        partitions.limit.map { _ in partitions.smallestGrid },
      ]
      for (axis, span) in spans.enumerated() {
        guard let span, span > 1, Double(header[axis]) > Plausible.refinement * Double(span) else { continue }
        let what =
          axis == 0
          ? "readouts have \(span) samples" : "its limits count \(span) \(["line", "partition"][axis - 1])s"
        let right =
          axis == 1
          ? "\(span)x\(header.z)" : axis == 2 ? "\(header.y)x\(span)" : "\(span)x\(header.y)x\(header.z)"
        findings.append(
          .error(
            .contradictory,
            "the header encodes \(header[axis]) points along \("xyz"[axis]), but \(what): no scanner interpolates so much",
            remedy: "`matrix: \(right)` sets the grid of what was acquired"))
      }
    }

    fieldOfView = Self.fieldOfView(encoding, options, &findings)
    readoutLength = matrix.x
    prescribed = matrix
    // Samples under a described gradient lie more closely on its ramps.
    let isDescribed = options.correctsEchoPlanar && readouts.allSatisfy { encoding?.describes($0) == true }
    var isShort = false
    if let header, options.matrix?.x == nil, !isDescribed, sampled < header.x {
      isShort = settleShortReadout(encoding, header, options, sampled: sampled, &findings)
      readoutLength = matrix.x
      prescribed = matrix
    }
    // A matrix that does not even hold the lines tells nothing about the readout either.
    if let header, !isShort, lines.range.upperBound < header.y, grid.y == header.y {
      assumeOversampling(encoding, header, options, sampled: sampled, isDescribed: isDescribed, &findings)
    }
    if assumedOversampling == 1, let header, options.matrix?.x == nil, longest > header.x {
      findings.append(
        .warning(
          "readouts have \(longest) samples, but the header encodes \(header.x) points along the readout",
          assuming: "\(x) points over the \(options.fieldOfView == nil ? "header's" : "given") field of view"
            + (fieldOfView[0].map { " of \(Self.millimetres($0))" } ?? ""),
          remedy: Self.fieldOfViewRemedy(options)))
    }
    if !statesReadoutCenter {
      findings.append(
        .warning(
          "center_sample is 0 in every readout", assuming: "the centre of the echo is sample \(longest / 2)"))
    }
    if let finding = Self.implausible(
      fieldOfView, on: (0..<3).map { matrix[$0] }, isGiven: options.fieldOfView != nil)
    {
      findings.append(finding)
    }
    prescribe(encoding, options: options, findings: &findings)
  }

  /// Takes a readout that is finer than the header's matrix for an oversampled one, unless the user says what it covers.
  ///
  /// The header's field of view and matrix are then those of the images; more samples over the same field of view would
  /// make voxels that nobody prescribed.
  private mutating func assumeOversampling(
    _ encoding: MRDHeader.Encoding?, _ header: Extents, _ options: ReadingOptions, sampled: Int,
    isDescribed: Bool,
    _ findings: inout [Finding]
  ) {
    guard options.fieldOfView == nil, let encoding, let view = fieldOfView[0] else { return }
    let recon = encoding.reconSpace.matrix.x, prescribed = encoding.reconSpace.fieldOfView.x
    let isSameView = prescribed <= 0 || abs(prescribed - view) <= 0.01 * view
    guard isSameView, recon >= 1 else { return }
    let wanted = min(Double(header.x), recon), ratio = Double(matrix.x) / wanted
    guard ratio >= (isDescribed ? 1.001 : 1.25) else { return }
    let isTooMany = matrix.x > header.x
    // Samples of a half of the points are no finer than the images.
    guard Double(sampled) >= min(1.25, ratio) * wanted || options.matrix?.x != nil else { return }
    // A matrix that the user gave, or that the images are to have, is meant.
    guard isTooMany ? options.matrix?.x == nil && recon <= Double(header.x) : ratio >= 1.5 else { return }
    assumedOversampling = ratio
    fieldOfView[0] = view * ratio
    let others = (1..<3).map { fieldOfView[$0].map { String(format: "%g", $0 * 1000) } ?? "?" }
    findings.append(
      .warning(
        "readouts have \(matrix.x) points, but the header states the same field of view of "
          + "\(Self.millimetres(view)) for \(Int(wanted)) points",
        assuming: String(
          format: "%g-fold readout oversampling, %@ in all, of which images show %@", ratio,
          Self.millimetres(view * ratio), Self.millimetres(view)),
        remedy: String(format: "`fieldOfView: %gx", view * 1000) + others.joined(separator: "x")
          + "mm` says that all points lie within \(Self.millimetres(view))"))
  }

  /// Where a readout's first kept sample lies along `kx`; negative if it begins before the grid.
  func readoutStart(of readout: AcquisitionHeader) -> Int {
    statesReadoutCenter ? matrix.x / 2 - readout.keptCenter : (matrix.x - readout.keptCount) / 2
  }

  /// Compares the encoded with the prescribed field of view, axis by axis.
  private mutating func prescribe(
    _ encoding: MRDHeader.Encoding?, options: ReadingOptions, findings: inout [Finding]
  ) {
    guard let recon = encoding?.reconSpace else { return }
    for axis in 0..<3 where matrix[axis] > 1 {
      guard let encoded = fieldOfView[axis], encoded > 0, recon.fieldOfView[axis] > 0 else { continue }
      var ratio = recon.fieldOfView[axis] / encoded
      if !(axis < 2 ? Plausible.prescribedPart : Plausible.prescribedSlabs).contains(ratio) {
        ratio = settle(ratio, axis, encoded, recon.fieldOfView[axis], options, &findings)
      }
      warnOfHiddenOversampling(axis, ratio, recon, &findings)
      if ratio < 0.999 {
        prescribed[axis] = max(1, Int((Double(matrix[axis]) * ratio).rounded()))
      } else if ratio > 1.001 {
        findings.append(
          .warning(
            "the prescribed field of view along \("xyz"[axis]) (\(Self.millimetres(recon.fieldOfView[axis]))) "
              + "is larger than the encoded one (\(Self.millimetres(encoded)))",
            assuming: "the encoded one", remedy: Self.fieldOfViewRemedy(options)))
      }
      let wanted = recon.matrix[axis].rounded()
      let refinement = wanted / max(1, Double(matrix[axis]) * min(1, ratio))
      if ratio < 0.8, options.fieldOfView == nil, options.matrix == nil {
        prescribedRefinement[axis] = refinement
      }
      if prescribedRefinement[axis] > Plausible.refinement {
        findings.append(
          .error(
            .contradictory,
            "the header prescribes \(Int(min(wanted, 1e9))) voxels along \("xyz"[axis]) where \(prescribed[axis]) were encoded: "
              + "one of its fields of view, \(Self.millimetres(encoded)) encoded and "
              + "\(Self.millimetres(recon.fieldOfView[axis])) prescribed, is wrong",
            remedy: "`fieldOfView` sets the encoded one"))
      }
      if axis == 0, ratio < 0.999, options.fieldOfView == nil, wanted <= Double(matrix.x),
        Plausible.slightMisfit.contains(abs(refinement - 1))
      {
        // Scanners interpolate readouts by powers of two or not at all: counts are right where lengths nearly fit them.
        let left = prescribed.x
        prescribed.x = Int(wanted)
        findings.append(
          .warning(
            String(
              format:
                "the header prescribes %d voxels along x, but %d is what its fields of view (%@ of %@) leave of %d points",
              prescribed.x, left, Self.millimetres(recon.fieldOfView[axis]), Self.millimetres(encoded),
              matrix.x),
            assuming: String(
              format: "%d voxels of %@; a field of view is a little wrong, and lengths along x may be",
              prescribed.x, Self.millimetres(encoded / Double(matrix.x))),
            remedy: Self.fieldOfViewRemedy(options)))
      } else if wanted > Double(prescribed[axis]), wanted <= Double(Self.largestExtent) {
        findings.append(
          .note(
            "the scanner would interpolate \(prescribed[axis]) to \(Int(wanted)) voxels along \("xyz"[axis])",
            assuming: "no interpolation"))
      }
    }
    if options.removesOversampling { readoutLength = prescribed.x } else { prescribed.x = matrix.x }
  }

  /// Deals with a prescribed field of view of another order of magnitude than the encoded one.
  private func settle(
    _ ratio: Double, _ axis: Int, _ encoded: Double, _ prescribed: Double, _ options: ReadingOptions,
    _ findings: inout [Finding]
  ) -> Double {
    let problem =
      "the prescribed field of view along \("xyz"[axis]) (\(Self.millimetres(prescribed))) and the encoded one "
      + "(\(Self.millimetres(encoded))) differ by more than oversampling does"
    guard options.fieldOfView != nil else {
      findings.append(
        .error(
          .contradictory, "\(problem): one of them is not in millimetres",
          remedy: "`fieldOfView` sets the encoded one"))
      return 1
    }
    // A prescribed field of view that can be is no slip, however little the given one has to do with it.
    let isUsual = Plausible.usualSide.contains(prescribed / Double(matrix[axis]))
    let slip = isUsual ? nil : UnitSlip.first(UnitSlip.lengths) { (0.2...1.001).contains(ratio * $0) }
    findings.append(
      .warning(
        problem,
        assuming: slip.map { "\($0.words), \(Self.millimetres(prescribed * $0.factor))" } ?? "the encoded one"
      ))
    return slip.map { min(1, ratio * $0.factor) } ?? 1
  }

  /// Names phase oversampling that the fields of view deny.
  private func warnOfHiddenOversampling(
    _ axis: Int, _ ratio: Double, _ recon: MRDHeader.Space, _ findings: inout [Finding]
  ) {
    let wanted = recon.matrix[axis]
    guard axis > 0, abs(ratio - 1) < 0.01, wanted > 1, Double(matrix[axis]) >= 1.25 * wanted else { return }
    findings.append(
      .warning(
        String(
          format:
            "the header encodes %d points along %@ over the field of view for which it prescribes %g voxels",
          matrix[axis], String("xyz"[axis]), wanted),
        assuming: "they lie within that field of view; oversampling would make it larger",
        remedy: "`fieldOfView` sets the encoded one"))
  }

  /// The grid with its readout settled: the user's, the header's, or the one that the counters span.
  private static func matrix(
    _ x: Int, _ header: Extents?, _ stated: SIMD3<Double>?, _ lines: AxisCounters, _ partitions: AxisCounters,
    _ options: ReadingOptions, _ findings: inout [Finding]
  ) -> Extents {
    if let chosen = options.matrix { return Extents(x: x, y: chosen.y, z: chosen.z) }
    guard let header else {
      let matrix = Extents(x: x, y: lines.smallestGrid, z: partitions.smallestGrid)
      findings.append(
        .warning(
          stated.map {
            $0 == .zero
              ? "the header's encoding of these readouts states no matrix"
              : "the header's encoded matrix is \(text($0)), which is no grid of whole numbers"
          } ?? "the header has no encoding for these readouts",
          assuming: "the grid that samples and counters span, \(matrix)",
          remedy: "`matrix: \(matrix.y)x\(matrix.z)` or three numbers set another one"))
      return matrix
    }
    // 2D scans whose header counts slices, or nothing at all, as partitions.
    guard header.z > 1, partitions.range == 0...0, partitions.limit.map({ $0.maximum == 0 }) ?? true else {
      return Extents(x: x, y: header.y, z: header.z)
    }
    findings.append(
      .warning(
        "the header encodes \(header.z) partitions, but every readout has partition 0",
        assuming: "a two-dimensional scan", remedy: "`matrix: \(header.y)x\(header.z)` keeps the partitions"))
    return Extents(x: x, y: header.y, z: 1)
  }

  /// The largest extent of an axis; image files count voxels with 15 bits.
  public static let largestExtent = 32767
  /// The largest believable number of phase-encoding positions.
  private static let largestPlane = 1 << 22

  /// How to say otherwise, unless the user has just said it.
  private static func fieldOfViewRemedy(_ options: ReadingOptions) -> String? {
    options.fieldOfView == nil ? "`fieldOfView` sets another one" : nil
  }

  private static func fieldOfView(
    _ encoding: MRDHeader.Encoding?, _ options: ReadingOptions, _ findings: inout [Finding]
  ) -> [Double?] {
    if let chosen = options.fieldOfView { return (0..<3).map { chosen[$0] } }
    if let view = encoding?.encodedSpace.fieldOfView,
      (0..<3).contains(where: { view[$0].isNaN || view[$0] < 0 })
    {
      findings.append(
        .error(
          .contradictory,
          "the header states a field of view of \((0..<3).map { String(format: "%g", view[$0] * 1000) }.joined(separator: " x ")) mm, "
            + "which is none", remedy: "`fieldOfView` sets it"))
    }
    let stated = (0..<3).map { axis -> Double? in
      encoding.flatMap { $0.encodedSpace.fieldOfView[axis] > 0 ? $0.encodedSpace.fieldOfView[axis] : nil }
    }
    if stated.contains(nil) {
      findings.append(
        .warning(
          "the header does not state the encoded field of view",
          assuming: "voxels of 1 mm where it is missing",
          remedy: "`fieldOfView` sets it"))
    }
    return stated
  }

  /// The smallest grid of at least a given extent whose centre `n / 2` has room for both sides.
  ///
  /// Sides that differ by more than rounding come from partial sampling of an even grid.
  static func smallestGrid(before: Int, after: Int, atLeast count: Int) -> Int {
    var extent = max(1, count)
    // One sample too many, as of reversed readouts with the centre of forward ones, is cut rather than given room.
    if abs(before - extent / 2) <= 1, abs(after - (extent - extent / 2)) <= 1 { return extent }
    while extent / 2 < before || extent - extent / 2 < after { extent += 1 }
    return extent + extent % 2
  }

  private static func text(_ matrix: SIMD3<Double>) -> String {
    (0..<3).map { String(format: "%g", matrix[$0]) }.joined(separator: "x")
  }

  static func millimetres(_ length: Double) -> String { String(format: "%g mm", length * 1000) }
}

extension String {
  /// The character at an offset, for naming axes.
  fileprivate subscript(offset: Int) -> Character { self[index(startIndex, offsetBy: offset)] }
}
