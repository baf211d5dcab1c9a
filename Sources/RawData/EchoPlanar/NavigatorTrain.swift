/// Readouts without phase encoding that follow each other, from which the odd/even phase can be told.
struct NavigatorTrain {
  /// The slice counter.
  let slice: Int
  /// The contrast counter.
  let contrast: Int
  /// Whether they belong to separate calibration lines.
  let isCalibration: Bool
  /// The readouts in the order of time.
  private(set) var readouts: [Int]

  /// Finds the trains of a scan: uninterrupted runs of phase-correction readouts of one slice and contrast.
  ///
  /// Of several repetitions, the one of the image lines is taken if it has any.
  static func trains(
    _ acquisitions: [AcquisitionHeader], like image: AcquisitionHeader
  ) -> [NavigatorTrain] {
    let order = acquisitions.indices.sorted {
      (acquisitions[$0].scanCounter, $0) < (acquisitions[$1].scanCounter, $1)
    }
    var trains: [NavigatorTrain] = []
    var isOpen = false
    for index in order {
      let header = acquisitions[index]
      guard header.isPhaseNavigator, header.activeChannels == image.activeChannels,
        header.sampleCount == image.sampleCount
      else {
        isOpen = false
        continue
      }
      let slice = Int(header.counters.slice), contrast = Int(header.counters.contrast)
      let isCalibration = header.isSeparateCalibration
      if isOpen, let last = trains.last, last.slice == slice, last.contrast == contrast,
        last.isCalibration == isCalibration
      {
        trains[trains.count - 1].readouts.append(index)
      } else {
        trains.append(
          NavigatorTrain(
            slice: slice, contrast: contrast, isCalibration: isCalibration, readouts: [index]))
      }
      isOpen = true
    }
    let own = trains.filter {
      acquisitions[$0.readouts[0]].counters.repetition == image.counters.repetition
        && acquisitions[$0.readouts[0]].counters.set == image.counters.set
    }
    return own.isEmpty ? trains : own
  }
}

extension AcquisitionHeader {
  /// Whether it was measured to compare the directions of an echo-planar readout.
  fileprivate var isPhaseNavigator: Bool {
    flags.contains(.isPhaseCorrection) && !flags.contains(.isNoise) && !flags.contains(.isDummyScan)
      && keptCount > 0
  }
}
