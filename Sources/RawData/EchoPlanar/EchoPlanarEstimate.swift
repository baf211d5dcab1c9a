import Files
import MRIData

/// Works out what the readouts of a scan need to become Cartesian lines, from its headers and a part of its samples.
struct EchoPlanarEstimate {
  /// What they need; `nil` if nothing.
  private(set) var correction: EchoPlanarCorrection?
  /// What the user should know of it.
  private(set) var findings: [Finding] = []

  private let acquisitions: [AcquisitionHeader]
  private let layout: ScanLayout
  private let extent: Int

  /// Looks at a scan.
  ///
  /// - Parameters:
  ///   - source: The readouts.
  ///   - layout: The layout by headers.
  ///   - trajectory: Where samples lie according to trajectories, if not at an even pace.
  /// - Throws: ``RawDataError`` if samples cannot be read.
  init(
    _ source: some ReadoutSource, _ layout: ScanLayout, trajectory: SamplePositions?
  ) throws(RawDataError) {
    acquisitions = source.acquisitions
    self.layout = layout
    extent = layout.grid.matrix.x
    let used = (layout.image + layout.calibration).map { acquisitions[$0.acquisition] }
    let isMixed = layout.isEchoPlanar(acquisitions)
    let positions = positions(source.header, trajectory, of: used, isMixed: isMixed)
    guard isMixed || positions != nil, let image = used.first else { return }
    var correction = resampling(used, positions, maker: source.header.manufacturer)
    if isMixed {
      let trains = NavigatorTrain.trains(acquisitions, like: image)
      let kernel = ReadoutKernel(
        grid: layout.grid, channels: layout.channels, whitening: nil, phaseSign: .positive,
        correction: correction)
      let estimate = try OddEvenEstimate(source, layout, kernel, trains, of: used)
      for (group, phases) in estimate.phases { correction.setPhases(phases, of: group, extent: extent) }
      findings.append(estimate.finding)
    }
    self.correction = correction
  }
}

extension EchoPlanarEstimate {
  /// Where samples lie; `nil` for an even pace.
  private mutating func positions(
    _ header: MRDHeader, _ trajectory: SamplePositions?, of used: [AcquisitionHeader], isMixed: Bool
  ) -> SamplePositions? {
    if let trajectory {
      findings.append(
        .note(
          "samples do not lie at an even pace along the readout",
          assuming: "the trajectories are right; lines are resampled along kx"))
      return trajectory
    }
    let description =
      header.encodings.indices.contains(layout.encodingSpace)
      ? header.encodings[layout.encodingSpace].trajectoryDescription : nil
    let gradient = GradientDescription(description, of: used, isMixed: isMixed)
    findings += gradient.findings
    return gradient.trapezoid.map { SamplePositions($0, extent: extent) }
  }

  /// The maps onto the grid for all kinds of readouts.
  private mutating func resampling(
    _ used: [AcquisitionHeader], _ positions: SamplePositions?, maker: String?
  ) -> EchoPlanarCorrection {
    guard let positions else { return EchoPlanarCorrection(resamplings: [:], isSliceSpecific: false) }
    guard extent <= ReadoutResampling.largestExtent, positions.arePossible else {
      findings.append(
        .error(
          .malformed,
          "samples along kx cannot lie where the header or their trajectories say on a grid of \(extent)",
          remedy: "Convert the scan again, or take its lines as they are (`correctsEchoPlanar`)"))
      return EchoPlanarCorrection(resamplings: [:], isSliceSpecific: false)
    }
    let view = layout.grid.fieldOfView[0] ?? 0
    let isSliceSpecific = used.contains {
      positions.demodulation(of: $0, fieldOfView: view, maker: maker) != nil
    }
    let names = EchoPlanarCorrection(resamplings: [:], isSliceSpecific: isSliceSpecific)
    var common: [EchoPlanarCorrection.Kind: ReadoutResampling] = [:]
    var maps: [EchoPlanarCorrection.Kind: ReadoutResampling] = [:]
    var strange = 0
    // Calibration lines of one direction are those of a plain gradient echo.
    let calibration = used.filter(\.isSeparateCalibration)
    let isCalibrationPlanar = Set(calibration.map { $0.flags.contains(.isReverse) }).count == 2
    for readout in used + acquisitions.filter({ $0.flags.contains(.isPhaseCorrection) }) {
      let kind = names.kind(of: readout)
      guard maps[kind] == nil, !kind.isCalibration || isCalibrationPlanar else { continue }
      guard let kept = positions.kept(of: readout) else {
        strange += readout.flaggedUse.isImage ? 1 : 0
        continue
      }
      var single = readout
      single.counters.slice = 0
      let commonKind = names.kind(of: single)
      let map =
        common[commonKind]
        ?? ReadoutResampling(positions: kept, extent: extent, imageExtent: layout.grid.prescribed.x)
      common[commonKind] = map
      maps[kind] =
        positions.demodulation(of: readout, fieldOfView: view, maker: maker).map(map.applying) ?? map
    }
    if strange > 0 {
      let problem =
        "\(counted(strange, "image line")) do not have the \(positions.forward.count) samples that the readout gradient is described for"
      findings.append(
        2 * strange > used.count
          ? .error(.contradictory, problem, remedy: GradientDescription.remedy)
          : .warning(problem, assuming: "they are sampled at an even pace"))
    }
    return EchoPlanarCorrection(resamplings: maps, isSliceSpecific: isSliceSpecific)
  }
}
