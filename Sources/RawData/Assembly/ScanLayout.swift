import Files
import Foundation
import MRIData
import Numerics

/// What a raw file holds and how it becomes k-space, worked out from headers alone.
///
/// A pure function of the XML header, the acquisition headers and the user's options. `kspace info` shows it and
/// reading follows it, so that what is shown is what is done.
public struct ScanLayout: Sendable {
  /// The use of every acquisition, in the order of the file.
  public let uses: [ReadoutUse]
  /// The grid on which readouts are placed.
  public let grid: EncodedGrid
  /// The number of channels of the image lines.
  public let channels: Int
  /// The index of the encoding that holds the image lines.
  public let encodingSpace: Int
  /// Echo times, field strength and the rest; an echo time or field that nobody knows is NaN.
  public let parameters: ScanParameters
  /// The slice counters, sorted along the slice direction; one for a single slab.
  public let sliceCounters: [Int]
  /// The geometry of each slice.
  public let sliceGeometries: [Geometry]
  /// The geometry of all slices together; `nil` if they form no stack.
  public let geometry: Geometry?
  /// Everything the user should know.
  public private(set) var findings: [Finding]

  /// What makes Cartesian lines of the readouts; `nil` if nothing does, or if no samples were looked at.
  private(set) var correction: EchoPlanarCorrection?

  let echoRule: EchoAssignment.Rule
  let image: [PlacedReadout]
  let calibration: [PlacedReadout]
  /// Whether the header says that calibration lines were measured within the scan, and samples do not deny it.
  private(set) var calibrationIsEmbedded: Bool
  let noise: [Int]

  /// Works out the layout; it never fails, but errors may be among its ``findings``.
  public init(header: MRDHeader, acquisitions: [AcquisitionHeader], options: ReadingOptions = .init()) {
    var findings: [Finding] = []
    let selection = ReadoutSelection(acquisitions, header: header, options: options, findings: &findings)
    var uses = selection.uses
    let encoding =
      header.encodings.indices.contains(selection.encodingSpace)
      ? header.encodings[selection.encodingSpace] : nil
    calibrationIsEmbedded = encoding?.calibrationMode == "embedded"
    if calibrationIsEmbedded {
      let lines = EmbeddedLines(uses, acquisitions, encodingSpace: selection.encodingSpace)
      for index in lines.indices { uses[index] = .imageAndCalibration }
    }
    if let trajectory = encoding?.trajectory, !["cartesian", "epi"].contains(trajectory.lowercased()) {
      findings.append(
        .error(
          .unsupported, "the trajectory is \(trajectory)",
          remedy: "Only Cartesian scans can be reconstructed; grid the data first"))
    }
    let multiband = [encoding?.multibandFactor].compactMap(\.self) + header.statedMultibandFactors
    if let factor = multiband.first(where: { $0 > 1 || $0.isNaN }) {
      findings.append(
        .error(
          .unsupported,
          factor.isNaN
            ? "the header states a multiband factor that is no number: slices may lie on each other"
            : String(
              format:
                "the header states a multiband factor of %g: simultaneously excited slices lie on each other",
              factor),
          remedy: "Separate the slices first, and convert them as slices of their own"))
    }
    let imageIndices = uses.indices.filter { uses[$0].isImage }
    let readouts = imageIndices.map { acquisitions[$0] }
    let own = CalibrationCenters(
      uses.indices.filter { uses[$0] == .calibration }.map { acquisitions[$0] }, header: header,
      imageEncoding: selection.encodingSpace, &findings)
    // Calibration lines take part in finding the grid where their counters run on the same axes.
    let all = uses.indices.filter {
      uses[$0].isImage || uses[$0] == .calibration && own[acquisitions[$0].encodingSpace] == nil
    }.map { acquisitions[$0] }
    let grid = EncodedGrid(encoding: encoding, readouts: all, options: options, findings: &findings)
    let echoes = EchoAssignment(readouts, grid: grid, options: options, findings: &findings)
    image =
      Placement(
        imageIndices, of: acquisitions, on: grid, echoes: echoes, phaseSign: options.phaseSign,
        findings: &findings
      ).readouts

    let contrast = uses.indices.filter { uses[$0].isCalibration }.map { acquisitions[$0].counters.contrast }
      .min()
    let later = uses.indices.filter {
      uses[$0] == .calibration && acquisitions[$0].counters.contrast != contrast
    }
    for index in later { uses[index] = .leftOut(.unusableCalibration) }
    if !later.isEmpty {
      findings.append(
        .note(
          "\(later.count) calibration lines belong to later echoes",
          assuming: "those of the first echo suffice"))
    }
    let calibrated = uses.indices.filter {
      uses[$0].isCalibration && acquisitions[$0].counters.contrast == contrast
    }
    calibration =
      Placement(
        calibrated, of: acquisitions, on: grid, calibrationCenters: own,
        echoes: echoes, phaseSign: options.phaseSign, findings: &findings
      ).readouts.filter { echoes.rule == .contrast || $0.echo == 0 }
    // Half a sample is lost where reversed readouts state the centre of forward ones; resampled lines span the grid.
    let slack = Self.mixesDirections(image, acquisitions) ? 1 : 0
    Self.checkReadouts(
      all.filter { encoding?.describes($0) != true || !options.correctsEchoPlanar }, grid, slack: slack,
      &findings)
    if let finding = MisplacedSlices(readouts).finding { findings.append(finding) }
    if let finding = UnequalSlices(image).finding { findings.append(finding) }
    Self.checkLimits(acquisitions, encoding, &findings)

    let slices = SliceGeometry(readouts, grid: grid, findings: &findings)
    sliceCounters = slices.counters
    sliceGeometries = slices.geometries
    geometry = slices.stack
    parameters = ScanParameters(header, readouts, image, acquisitions, echoes, options, &findings)
    noise = Self.noise(uses, acquisitions, channels: selection.channels, options, &findings)
    if !noise.isEmpty {
      NoiseCovariance.check(noise.map { acquisitions[$0] }, header, parameters.dwellTime, &findings)
    }
    echoRule = echoes.rule
    self.uses = uses
    self.grid = grid
    channels = selection.channels
    encodingSpace = selection.encodingSpace
    self.findings = findings
  }

  /// Works out the layout, and compares it with a part of the samples: few enough to be read in no time.
  ///
  /// Errors may be among its ``findings``; then no sample was looked at.
  ///
  /// - Throws: ``RawDataError`` if samples or trajectories cannot be read.
  public init(
    of source: some ReadoutSource, options: ReadingOptions = .init()
  ) throws(RawDataError) {
    self.init(header: source.header, acquisitions: source.acquisitions, options: options)
    // Such as other scans in the file that nobody chose between.
    findings = source.findings + findings
    guard !findings.contains(where: { $0.severity == .error }) else { return }
    let trajectories = try TrajectoryEvidence(source, self, allowsRamps: options.correctsEchoPlanar)
    findings += trajectories.findings
    guard !findings.contains(where: { $0.severity == .error }) else { return }
    if options.correctsEchoPlanar {
      let estimate = try EchoPlanarEstimate(source, self, trajectory: trajectories.positions)
      correction = estimate.correction
      findings += estimate.findings
    } else if isEchoPlanar(source.acquisitions) {
      findings.append(
        .warning(
          "lines of both directions are mixed within an echo (echo-planar)",
          assuming: "they need no correction, as was said"))
    }
    findings += try SampleEvidence(source, self).findings
    if let finding = try CalibrationEvidence(source, self).finding {
      findings.append(finding)
      calibrationIsEmbedded = false
    }
  }

  /// The acquired positions of each echo of one slice.
  public func masks(slice: Int) -> [SamplingMask] {
    var masks = Array(
      repeating: SamplingMask(lines: grid.matrix.y, partitions: grid.matrix.z, isAcquired: false),
      count: parameters.echoTimes.count)
    for readout in image where readout.slice == slice {
      masks[readout.echo][line: readout.line, partition: readout.partition] = true
    }
    return masks
  }

  /// The calibration positions of one slice; `nil` if there are none.
  public func calibrationMask(slice: Int) -> SamplingMask? {
    guard calibration.contains(where: { $0.slice == slice }) else { return nil }
    var mask = SamplingMask(lines: grid.matrix.y, partitions: grid.matrix.z, isAcquired: false)
    for readout in calibration where readout.slice == slice {
      mask[line: readout.line, partition: readout.partition] = true
    }
    return mask
  }

  /// Whether lines for calibration alone were measured apart from the image lines, rather than among them.
  public var hasSeparateCalibration: Bool { !calibrationIsEmbedded && uses.contains(.calibration) }

  /// The part of `kx` that image lines of each echo sample, on the axis that is read.
  ///
  /// - Parameter acquisitions: The headers that the layout was worked out from.
  public func readoutRanges(of acquisitions: [AcquisitionHeader]) -> [Range<Int>] {
    let kernel = ReadoutKernel(
      grid: grid, channels: channels, whitening: nil, phaseSign: parameters.phaseSign, correction: correction)
    var ranges = [Range<Int>?](repeating: nil, count: parameters.echoTimes.count)
    for readout in image {
      let range = kernel.range(of: acquisitions[readout.acquisition])
      guard !range.isEmpty else { continue }
      ranges[readout.echo] =
        ranges[readout.echo].map {
          min($0.lowerBound, range.lowerBound)..<max($0.upperBound, range.upperBound)
        } ?? range
    }
    return ranges.map { $0 ?? 0..<grid.readoutLength }
  }

  private static func checkReadouts(
    _ readouts: [AcquisitionHeader], _ grid: EncodedGrid, slack: Int, _ findings: inout [Finding]
  ) {
    if grid.statesReadoutCenter,
      let stray = readouts.first(where: { !(0..<$0.keptCount).contains($0.keptCenter) })
    {
      findings.append(
        .error(
          .malformed,
          "a readout of line \(stray.counters.line) states its centre at sample \(stray.centerSample), "
            + "outside the \(stray.keptCount) samples that are kept",
          remedy: "Set center_sample with the converter"))
    }
    let lost = readouts.map { readout in
      let start = grid.readoutStart(of: readout)
      return max(0, -start) + max(0, start + readout.keptCount - grid.matrix.x)
    }
    if let largest = lost.max(), largest > slack {
      findings.append(
        .warning(
          "\(lost.count { $0 > 0 }) readouts reach up to \(counted(largest, "sample")) beyond the \(grid.matrix.x) points of the grid",
          assuming: "the samples beyond are left out", remedy: "`matrix` with three numbers gives them room"))
    }
  }

  /// Compares the counters that do not place readouts on the grid with the header's limits.
  private static func checkLimits(
    _ acquisitions: [AcquisitionHeader], _ encoding: MRDHeader.Encoding?, _ findings: inout [Finding]
  ) {
    let counters: [(String, KeyPath<EncodingCounters, UInt16>)] = [
      ("average", \.average), ("slice", \.slice), ("contrast", \.contrast), ("phase", \.phase),
      ("repetition", \.repetition), ("set", \.set), ("segment", \.segment),
    ]
    let exceeding = counters.compactMap { name, path -> String? in
      guard let limit = encoding?.limits[name] else { return nil }
      let largest = Int(acquisitions.map { $0.counters[keyPath: path] }.max() ?? 0)
      return largest > limit.maximum ? "\(name) to \(largest) (limit \(limit.maximum))" : nil
    }
    if !exceeding.isEmpty {
      findings.append(
        .note(
          "counters exceed the header's limits: \(exceeding.joined(separator: ", "))",
          assuming: "the counters are right"))
    }
  }

  private static func noise(
    _ uses: [ReadoutUse], _ acquisitions: [AcquisitionHeader], channels: Int, _ options: ReadingOptions,
    _ findings: inout [Finding]
  ) -> [Int] {
    let scans = uses.indices.filter { uses[$0] == .noise }
    guard !scans.isEmpty else {
      findings.append(
        .note("the file holds no noise scan", assuming: "nothing about the noise; channels are not whitened"))
      return []
    }
    let usable = scans.filter { acquisitions[$0].activeChannels == channels }
    guard let first = usable.first else {
      findings.append(
        .warning(
          "the noise scan has \(acquisitions[scans[0]].activeChannels) channels, the image lines have \(channels)",
          assuming: "nothing about the noise; channels are not whitened"))
      return []
    }
    let samples = usable.reduce(0) { $0 + Int(acquisitions[$1].sampleCount) }
    guard samples >= 4 * channels else {
      findings.append(
        .warning(
          "the noise scan (acquisition \(first)) has \(samples) samples, too few for \(channels) channels",
          assuming: "nothing about the noise; channels are not whitened"))
      return []
    }
    return options.prewhitens ? usable : []
  }
}

extension MRDHeader {
  /// What converters that know no element for it state among the parameters of users.
  fileprivate var statedMultibandFactors: [Double] {
    userParameters.filter {
      $0.key.lowercased().contains("multiband") && $0.key.lowercased().contains("factor")
    }
    .compactMap { Double($0.value) }
  }
}
