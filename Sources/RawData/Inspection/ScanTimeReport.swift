import MRIData

/// How long the scan took, by counting and by the clock.
public struct ScanTimeReport: Sendable, Codable, Equatable {
  /// The number of excitations: distinct positions, averages and so on of one echo, in one slice; also of what was not
  /// chosen.
  public let shots: Int
  /// The same of what was chosen: the volume that images are made of.
  public let chosenShots: Int
  /// `shots` times the repetition time [s]; slices are taken to share it.
  public let counted: Double?
  /// The time between the first and the last readout by the scanner's clock [s], where its ticks are known.
  public let stamped: Double?

  /// Counts the readouts of a file.
  init(_ acquisitions: [AcquisitionHeader], layout: ScanLayout, header: MRDHeader) {
    func isChosen(_ index: Int) -> Bool {
      switch layout.uses[index] {
      case .image, .imageAndCalibration, .calibration, .leftOut(.unusableCalibration): true
      case .leftOut, .noise: false
      }
    }
    let excited = layout.uses.indices.filter { index in
      if case .leftOut(let reason) = layout.uses[index], reason.isOfOtherVolume { return true }
      return isChosen(index)
    }
    func count(_ indices: [Int]) -> Int {
      var shots: [UInt16: Set<Shot>] = [:]
      for index in indices {
        let readout = acquisitions[index]
        var counters = readout.counters
        counters.contrast = 0
        let isSeparate = readout.flaggedUse == .calibration && !layout.calibrationIsEmbedded
        shots[counters.slice, default: []].insert(
          Shot(counters: counters, encodingSpace: readout.encodingSpace, isSeparateCalibration: isSeparate))
      }
      // Echoes that the line counter tells apart are not shots of their own.
      let echoes = layout.echoRule == .lineModulo ? layout.parameters.echoTimes.count : 1
      return (shots.values.map(\.count).max() ?? 0) / echoes
    }
    let chosen = excited.filter(isChosen), all = count(excited)
    shots = all
    chosenShots = chosen.count == excited.count ? all : count(chosen)
    // Many lines per excitation: the number of shots is not that of positions.
    let isEchoPlanar = layout.isEchoPlanar(acquisitions)
    counted = isEchoPlanar ? nil : layout.parameters.repetitionTime.map { Double(all) * $0 }
    stamped = Self.stamped(excited.map { acquisitions[$0].timeStamp }, manufacturer: header.manufacturer)
  }

  /// What all echoes of an excitation share, and no other one has.
  ///
  /// Separate calibration lines were measured on their own, whatever image lines have the same counters.
  private struct Shot: Hashable {
    var counters: EncodingCounters
    var encodingSpace: UInt16
    var isSeparateCalibration: Bool
  }

  /// A scan cannot be over before its shots are.
  var findings: [Finding] {
    guard let counted, let stamped, shots > 1, stamped < 0.8 * counted * Double(shots - 1) / Double(shots)
    else {
      return []
    }
    return [
      .warning(
        String(
          format: "the time stamps span %.3g s, too short for %d shots of %.4g ms", stamped, shots,
          counted / Double(shots) * 1000),
        assuming: "the header's repetition time, which images do not depend on")
    ]
  }

  /// Siemens counts 2.5 ms ticks since midnight; other clocks are not documented.
  private static func stamped(_ stamps: [UInt32], manufacturer: String?) -> Double? {
    guard manufacturer?.uppercased().contains("SIEMENS") == true, let first = stamps.min(),
      let last = stamps.max(),
      first > 0, last > first
    else { return nil }
    return Double(last - first) * 2.5e-3
  }
}

extension ScanLayout {
  /// Whether forward and reversed readouts are mixed within an echo.
  func isEchoPlanar(_ acquisitions: [AcquisitionHeader]) -> Bool {
    Self.mixesDirections(image, acquisitions)
  }

  /// Whether forward and reversed readouts are mixed within an echo.
  static func mixesDirections(_ readouts: [PlacedReadout], _ acquisitions: [AcquisitionHeader]) -> Bool {
    var seen: [Int: Bool] = [:]
    return readouts.contains { readout in
      let isReversed = acquisitions[readout.acquisition].flags.contains(.isReverse)
      return seen.updateValue(isReversed, forKey: readout.echo).map { $0 != isReversed } ?? false
    }
  }
}

extension MRDHeader.Encoding {
  /// Whether the encoding describes the gradient under which a readout's samples were taken.
  func describes(_ readout: AcquisitionHeader) -> Bool {
    guard let trapezoid = trajectoryDescription.flatMap(ReadoutTrapezoid.init) else { return false }
    return trapezoid.isPlausible && trapezoid.samples == Int(readout.sampleCount)
  }
}
