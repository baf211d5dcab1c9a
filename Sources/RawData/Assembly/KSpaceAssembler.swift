import LinearAlgebra
import MRIData
import NDArrays
import Numerics
import Synchronization

/// Reads the readouts of a source into k-space arrays, as a layout says.
struct KSpaceAssembler<Source: ReadoutSource> {
  private let source: Source
  /// The layout that is followed.
  let layout: ScanLayout
  private let kernel: ReadoutKernel
  private var findings: [Finding]

  /// Prepares reading.
  ///
  /// - Throws: ``RawDataError`` if the layout holds an error, or the noise scan cannot be read.
  init(_ source: Source, options: ReadingOptions) throws(RawDataError) {
    let layout = try ScanLayout(of: source, options: options)
    try layout.check(path: source.path)
    self.source = source
    self.layout = layout
    findings = layout.findings
    var whitening: NDArray<Complex<Float>>?
    if let covariance = try NoiseCovariance(source, layout: layout) {
      // The layout has told what is wrong with it.
      var known: [Finding] = []
      whitening = covariance.whitening(&known)
    }
    kernel = ReadoutKernel(
      grid: layout.grid, channels: layout.channels, whitening: whitening, phaseSign: options.phaseSign,
      correction: layout.correction)
  }

  /// The k-space of one slice or slab.
  ///
  /// - Parameter index: The index among the layout's slices, which are sorted along the slice direction.
  /// - Throws: ``RawDataError`` if samples are missing or not finite.
  func volume(_ index: Int) throws(RawDataError) -> KSpace {
    let slice = layout.sliceCounters[index], readouts = layout.image.filter { $0.slice == slice }
    let masks = layout.masks(slice: slice)
    return KSpace(
      samples: try samples(readouts, masks: masks), masks: masks, parameters: layout.parameters,
      geometry: layout.sliceGeometries[index], readoutRange: readoutRange(readouts),
      prescribedMatrix: layout.grid.prescribed,
      calibration: try calibrationLines(slice: slice).map { CalibrationLines($0) }, noise: noise(readouts),
      assumptions: assumptions)
  }

  /// The acquired lines of one slice or slab.
  ///
  /// - Throws: ``RawDataError`` if samples are missing or not finite.
  func compactVolume(_ index: Int) throws(RawDataError) -> CompactKSpace {
    let slice = layout.sliceCounters[index], readouts = layout.image.filter { $0.slice == slice }
    let masks = layout.masks(slice: slice)
    return CompactKSpace(
      samples: try samples(readouts, LineTable(masks, channels: layout.channels)), channels: layout.channels,
      masks: masks, parameters: layout.parameters, geometry: layout.sliceGeometries[index],
      readoutRange: readoutRange(readouts), prescribedMatrix: layout.grid.prescribed,
      calibration: try calibrationLines(slice: slice), noise: noise(readouts), assumptions: assumptions)
  }

  private var assumptions: [String] {
    findings.compactMap { finding in
      finding.severity == .note ? nil : finding.assumption.map { "\(finding.problem); assumed: \($0)" }
    }
  }

  /// The part of `kx` that all readouts sample.
  private func readoutRange(_ readouts: [PlacedReadout]) -> Range<Int> {
    let acquisitions = source.acquisitions
    return readouts.map { kernel.range(of: acquisitions[$0.acquisition]) }.reduce(
      0..<layout.grid.readoutLength
    ) {
      $0.clamped(to: $1)
    }
  }

  /// The lines of one slice that calibrate parallel imaging.
  private func calibrationLines(slice: Int) throws(RawDataError) -> CompactCalibrationLines? {
    guard let mask = layout.calibrationMask(slice: slice) else { return nil }
    let lines = layout.calibration.filter { $0.slice == slice }.map { readout in
      var readout = readout
      readout.echo = 0
      return readout
    }
    return CompactCalibrationLines(
      samples: try samples(lines, LineTable([mask], channels: layout.channels)), channels: layout.channels,
      mask: mask, isEmbedded: layout.calibrationIsEmbedded)
  }

  /// Averaging `n` readouts leaves `1 / n` of the noise power at a position; the image sees the mean over k-space.
  private func noise(_ readouts: [PlacedReadout]) -> NoiseLevel {
    guard kernel.whitening != nil, !readouts.isEmpty else { return .unknown }
    var power = 0.0, positions = 0
    let acquisitions = source.acquisitions
    for readout in readouts where readout.turn == 0 {
      let gain = layout.correction?.noiseGain(of: acquisitions[readout.acquisition]) ?? 1
      power += gain * gain / Double(readout.turns)
      positions += 1
    }
    return .whitened(standardDeviation: Float((power / Double(positions)).squareRoot()))
  }

  /// Reads and places readouts, axes `[echo, channel, kz, ky, kx]`, with zeros in between.
  private func samples(
    _ readouts: [PlacedReadout], masks: [SamplingMask]
  ) throws(RawDataError) -> NDArray<Complex<Float>> {
    let matrix = layout.grid.matrix, length = layout.grid.readoutLength
    let all = masks.map { SamplingMask(lines: $0.lines, partitions: $0.partitions) }
    var samples = try samples(readouts, LineTable(all, channels: layout.channels))
    samples.withUnsafeMutableBufferPointer {
      clearHoles(SharedBuffer($0), masks, channels: layout.channels, length: length)
    }
    return samples.reshaped(to: [masks.count, layout.channels, matrix.z, matrix.y, length])
  }

  /// Reads and places readouts, axes `[row, kx]` in the order of a table; rows without readouts stay as they are.
  ///
  /// Readouts that are averaged take turns: the first one of every position is written, the second one added,
  /// and so on in passes, the last one followed by the division by their number. Within a pass every position is
  /// touched once, so that neither threads nor the order of the file change a bit.
  private func samples(
    _ readouts: [PlacedReadout], _ table: LineTable
  ) throws(RawDataError) -> NDArray<Complex<Float>> {
    let matrix = layout.grid.matrix, length = layout.grid.readoutLength, channels = layout.channels
    let acquisitions = source.acquisitions
    return try NDArray(uninitializedShape: [table.count, length]) { (buffer) throws(RawDataError) in
      let target = SharedBuffer(buffer)
      let firstBroken = Atomic<Int>(.max)
      for turn in 0..<(readouts.map(\.turns).max() ?? 0) {
        let placed = readouts.filter { $0.turn == turn }.sorted { $0.acquisition < $1.acquisition }
        var slots = [Int32](repeating: 0, count: acquisitions.count)
        for (slot, readout) in placed.enumerated() { slots[readout.acquisition] = Int32(slot) }
        let slotOf = slots
        try source.forEachReadout(placed.map(\.acquisition)) { (index, samples) throws(RawDataError) in
          guard samples.areFinite, samples.haveFiniteSquares else {
            firstBroken.min(index, ordering: .relaxed)
            return
          }
          let readout = placed[Int(slotOf[index])]
          func row(_ channel: Int) -> UnsafeMutableBufferPointer<Complex<Float>> {
            let position = readout.partition * matrix.y + readout.line
            let start = table.row(echo: readout.echo, channel: channel, position: position) * length
            return target[start..<start + length]
          }
          if kernel.onlyPlaces, readout.turns == 1 {
            for channel in 0..<channels {
              kernel.place(samples, acquisitions[index], channel: channel, in: row(channel))
            }
          } else {
            kernel.withRows(of: samples, acquisitions[index]) { rows in
              for channel in 0..<channels {
                write(rows.baseAddress.unsafelyUnwrapped + channel * length, to: row(channel), readout)
              }
            }
          }
        }
        let broken = firstBroken.load(ordering: .relaxed)
        if broken < .max { throw .notFinite(acquisition: broken, in: source.path) }
      }
    }
  }

  private func write(
    _ row: UnsafePointer<Complex<Float>>, to target: UnsafeMutableBufferPointer<Complex<Float>>,
    _ readout: PlacedReadout
  ) {
    if readout.turn == 0 {
      _ = target.initialize(from: UnsafeBufferPointer(start: row, count: target.count))
    } else {
      for index in target.indices { target[index] += row[index] }
    }
    if readout.turns > 1, readout.turn == readout.turns - 1 {
      let scale = Complex<Float>(1 / Float(readout.turns), 0)
      for index in target.indices { target[index] *= scale }
    }
  }

  /// Zeroes the positions that no readout wrote.
  private func clearHoles(
    _ target: SharedBuffer<Complex<Float>>, _ masks: [SamplingMask], channels: Int, length: Int
  ) {
    Parallelism.forEach(masks.count * channels) { block in
      let mask = masks[block / channels]
      mask.isAcquired.withUnsafeBufferPointer { isAcquired in
        for position in isAcquired.indices where !isAcquired[position] {
          let start = (block * isAcquired.count + position) * length
          target[start..<start + length].initialize(repeating: .zero)
        }
      }
    }
  }
}
