import MRIData
import NDArrays
import Numerics
import Phantoms
import RawData

extension PhantomFiles {
  /// Writes an echo-planar scan as Siemens' converter does: noise scan, three navigators before each shot, lines in
  /// alternating directions in the order of time, their gradient described in the header.
  ///
  /// - Parameters:
  ///   - phantom: The head in the scanner.
  ///   - train: How lines are read out.
  ///   - signalToNoise: What the header says of the noise.
  ///   - progress: Is told which part of the echoes is done; what it throws ends the work.
  /// - Throws: ``RawDataError`` if the file cannot be written.
  public func writeScan(
    of phantom: HeadPhantom, train: EchoPlanarTrain, signalToNoise: Double,
    progress: (Double) throws -> Void = { _ in }
  ) throws {
    let matrix = phantom.geometry.matrix, shots = train.shots(of: matrix)
    let writer = try MRDWriter(
      creating: scan, header: header(of: phantom, signalToNoise: signalToNoise, train: train))
    let noiseLines = try writeNoise(of: phantom, to: writer)
    let perShot = train.navigators + phantom.echoes * train.lines
    var row = NDArray<Complex<Float>>(
      repeating: .zero, shape: [phantom.channels, train.gradient.samples])
    func lineHeader(shot: Int, step: Int, isReversed: Bool) -> AcquisitionHeader {
      var header = readout(of: phantom, excitation: noiseLines + shot)
      header.scanCounter = UInt32(noiseLines + shot * perShot + step)
      header.sampleCount = UInt16(train.gradient.samples)
      header.centerSample = UInt16(train.gradient.samples / 2)
      header.sampleTime = Float(train.gradient.dwellTime * 1e6)
      if isReversed { header.flags.insert(.isReverse) }
      header.counters.segment = isReversed ? 1 : 0
      return header
    }
    for echo in 0..<phantom.echoes {
      try progress(Double(echo) / Double(phantom.echoes))
      var samples = phantom.signal(
        echo: echo, sampling: train.sampling(isReversed: false, matrix: matrix))
      let reversed = phantom.signal(
        echo: echo, sampling: train.sampling(isReversed: true, matrix: matrix))
      let central = [samples, reversed].map { volume in
        var row = row
        volume.copyRow(matrix.z / 2, matrix.y / 2, to: &row)
        return row
      }
      samples.copyLines(
        from: reversed, where: { train.isReversed(position: $0 / shots) })
      phantom.addNoise(to: &samples, echo: echo)
      for partition in 0..<matrix.z {
        for segment in 0..<shots {
          let shot = partition * shots + segment
          for navigator in 0..<(echo == 0 ? train.navigators : 0) {
            let isReversed = train.isReversed(position: navigator - train.navigators)
            var header = lineHeader(shot: shot, step: navigator, isReversed: isReversed)
            header.flags.formUnion([.isPhaseCorrection, .isNavigation, .isRTFeedback])
            header.counters.line = UInt16(matrix.y / 2)
            header.counters.partition = UInt16(partition)
            header.counters.average = navigator > 1 ? 1 : 0
            var noisy = central[isReversed ? 1 : 0]
            phantom.addNoise(toNavigator: &noisy, index: shot * train.navigators + navigator)
            try noisy.withUnsafeBufferPointer { try writer.append(header, samples: $0) }
          }
          for (position, line) in stride(from: segment, to: matrix.y, by: shots).enumerated() {
            var header = lineHeader(
              shot: shot, step: train.navigators + echo * train.lines + position,
              isReversed: train.isReversed(position: position))
            header.counters.line = UInt16(line)
            header.counters.partition = UInt16(partition)
            header.counters.contrast = UInt16(echo)
            samples.copyRow(partition, line, to: &row)
            try row.withUnsafeBufferPointer { try writer.append(header, samples: $0) }
          }
        }
      }
    }
    try writer.close()
    try progress(1)
  }
}

extension EchoPlanarTrain {
  /// Whether the readout at a place of a train goes backwards; navigators stand at places below zero.
  fileprivate func isReversed(position: Int) -> Bool { position % 2 != 0 }
}

extension NDArray<Complex<Float>> {
  /// Replaces chosen lines of `[channel, kz, ky, sample]` by those of another array.
  fileprivate mutating func copyLines(from other: NDArray, where isChosen: (Int) -> Bool) {
    let lines = shape[2], length = shape[3]
    withUnsafeMutableBufferPointer { target in
      other.withUnsafeBufferPointer { source in
        for row in 0..<target.count / length where isChosen(row % lines) {
          for index in row * length..<(row + 1) * length { target[index] = source[index] }
        }
      }
    }
  }
}
