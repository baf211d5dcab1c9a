import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@testable import RawData

@Suite struct UndersampledCopyTests {
  static let grid = Extents(x: 4, y: 10, z: 6)

  /// Three echoes of a complete scan between a noise scan, a navigator and separate calibration lines.
  static func source() -> MemorySource {
    let scan = readouts(of: testPattern([3, 2, 6, 10, 4]))
    var source = MemorySource(header: scan.header)
    source.append(Array(repeating: Complex(1, 2), count: 2 * 64), channels: 2, flags: .isNoise)
    for (index, header) in scan.acquisitions.enumerated() {
      var flags = header.flags
      if header.counters.line == 0 { flags.insert(.firstInLine) }
      if header.counters.line == 9 { flags.insert(.lastInLine) }
      if index == scan.acquisitions.count - 1 { flags.insert(.lastInMeasurement) }
      source.append(scan.samples[index], channels: 2, flags: flags) { $0.counters = header.counters }
    }
    source.append(scan.samples[0], channels: 2, flags: .isNavigation)
    source.append(scan.samples[1], channels: 2, flags: .isCalibration) {
      $0.counters.line = 5
      $0.counters.partition = 3
    }
    return source
  }

  static func masks() -> [SamplingMask] {
    (0..<3).map { echo in
      var mask = SamplingMask(lines: 10, partitions: 6, isAcquired: false)
      for partition in 0..<6 {
        for line in 0..<10
        where (line + partition + echo) % 3 == 1 || (4...6).contains(line) && (2...3).contains(partition) {
          mask[line: line, partition: partition] = true
        }
      }
      return mask
    }
  }

  @Test("lines outside the mask are gone, everything else stays in its order")
  func selection() {
    let source = Self.source(), masks = Self.masks()
    let layout = ScanLayout(header: source.header, acquisitions: source.acquisitions)
    let copy = UndersampledCopy(source.acquisitions, layout: layout, masks: masks)
    #expect(copy.readouts.map(\.index) == copy.readouts.map(\.index).sorted())
    let images = copy.readouts.filter(\.isImage)
    #expect(images.count == masks.map(\.acquiredCount).reduce(0, +))
    #expect(images.count + copy.removedCount == 180)
    for readout in images {
      let counters = source.acquisitions[readout.index].counters
      #expect(
        masks[Int(counters.contrast)][line: Int(counters.line), partition: Int(counters.partition)])
    }
    let others = copy.readouts.filter { !$0.isImage }
    #expect(others.map(\.index) == [0, 181, 182])
    #expect(others.map(\.flags) == [.isNoise, .isNavigation, [.isCalibration, .lastInMeasurement]])
  }

  @Test(
    "the mask's box calibrates, unless the scan has lines for calibration alone", arguments: [true, false])
  func calibration(hasOwn: Bool) throws {
    var source = Self.source()
    if !hasOwn {
      source.acquisitions.removeLast()
      source.samples.removeLast()
    }
    let layout = ScanLayout(header: source.header, acquisitions: source.acquisitions)
    let copy = UndersampledCopy(source.acquisitions, layout: layout, masks: Self.masks())
    for readout in copy.readouts where readout.isImage {
      let counters = source.acquisitions[readout.index].counters
      let isBox = (4...6).contains(counters.line) && (2...3).contains(counters.partition)
      #expect(readout.flags.contains(.isCalibrationAndImaging) == (isBox && !hasOwn))
    }
    let header = MRDHeader(
      describing: layout.parameters, geometry: try #require(layout.geometry), receiverChannels: 2)
    #expect(
      try copy.header(from: header, userParameters: [:]).encodings[0].calibrationMode
        == (hasOwn ? "separate" : "embedded"))
    // The copy is read as it is meant.
    var written = MemorySource(header: source.header)
    for readout in copy.readouts {
      written.acquisitions.append(source.acquisitions[readout.index])
      written.acquisitions[written.acquisitions.count - 1].flags = readout.flags
      written.samples.append(source.samples[readout.index])
    }
    let scan = try KSpace(written, options: ReadingOptions(prewhitens: false))
    #expect(scan.masks == Self.masks())
    #expect(scan.calibration?.mask.acquiredCount == (hasOwn ? 1 : 6))
  }

  @Test("image lines of other averages and segments are gone where one is chosen", arguments: [true, false])
  func chosen(byAverage: Bool) throws {
    let scan = readouts(of: testPattern([1, 2, 6, 10, 4]))
    var source = MemorySource(header: scan.header)
    for turn in 0..<2 {
      for (index, header) in scan.acquisitions.enumerated() {
        source.append(scan.samples[index], channels: 2) {
          $0.counters = header.counters
          if byAverage { $0.counters.average = UInt16(turn) } else { $0.counters.segment = UInt16(turn) }
        }
      }
    }
    // A line of quite another length belongs to something else.
    source.append(testPattern([2, 16]).elements, channels: 2) {
      ($0.counters.average, $0.counters.segment) = (byAverage ? 1 : 0, byAverage ? 0 : 1)
    }
    let options = byAverage ? ReadingOptions(average: 1) : ReadingOptions(segment: 1)
    let layout = ScanLayout(header: source.header, acquisitions: source.acquisitions, options: options)
    let copy = UndersampledCopy(source.acquisitions, layout: layout, masks: [Self.masks()[0]])
    #expect(copy.readouts.count == Self.masks()[0].acquiredCount)
    #expect(copy.removedCount == 60 - copy.readouts.count)
    #expect(copy.readouts.allSatisfy { $0.isImage && (60..<120).contains($0.index) })
  }

  @Test("flags of the first and the last line survive the line, echo by echo")
  func edges() throws {
    let source = Self.source()
    let layout = ScanLayout(header: source.header, acquisitions: source.acquisitions)
    var mask = SamplingMask(lines: 10, partitions: 6)
    for partition in 0..<6 {
      for line in [0, 1, 9] { mask[line: line, partition: partition] = false }
    }
    let copy = UndersampledCopy(source.acquisitions, layout: layout, masks: [mask, mask, mask])
    for readout in copy.readouts where readout.isImage {
      let line = source.acquisitions[readout.index].counters.line
      #expect(readout.flags.contains(.firstInLine) == (line == 2))
      #expect(readout.flags.contains(.lastInLine) == (line == 8))
    }
    #expect(copy.readouts.filter { $0.flags.contains(.lastInMeasurement) }.map(\.index) == [182])
  }

  @Test("the header states regular accelerations per axis, and the net one for irregular masks")
  func acceleration() {
    func factors(_ isAcquired: (Int, Int) -> Bool) -> SIMD2<Double> {
      var mask = SamplingMask(lines: 60, partitions: 24, isAcquired: false)
      for z in 0..<24 { for y in 0..<60 { mask[line: y, partition: z] = isAcquired(y - 30, z - 12) } }
      return mask.accelerationPerAxis
    }
    #expect(factors { _, _ in true } == [1, 1])
    #expect(factors { y, _ in y % 3 == 0 } == [3, 1])
    #expect(factors { y, z in y % 2 == 0 && z % 2 == 0 } == [2, 2])
    #expect(factors { y, z in y % 2 == 0 || abs(y) < 8 } == [2, 1])
    #expect(factors { y, z in (5 * y + 3 * z) % 4 == 0 && (y, z) != (1, 1) } == [4, 1])
  }

  @Test("an honest source is not suspected, real scans included")
  func honest() throws {
    let source = readouts(of: testPattern([1, 2, 12, 16, 8]))
    let layout = ScanLayout(header: source.header, acquisitions: source.acquisitions)
    #expect(try SourceHonesty(source, layout: layout).warnings == [])
    guard SharedData.isPresent else { return }
    for name in ["brain8ch_plane_full", "semi3d_6ch_3echo", "brain8ch_full"] {
      let file = try MRDFile(at: SharedData.path("mrd/\(name).h5"))
      let layout = ScanLayout(header: file.header, acquisitions: file.acquisitions)
      #expect(try SourceHonesty(file, layout: layout).warnings == [], "\(name)")
    }
  }

  @Test("zero-filled, interpolated, symmetric and accelerated sources are told apart")
  func dishonest() throws {
    func warnings(_ change: (inout NDArray<Complex<Float>>) -> Void, channels: Int = 2) throws -> [String] {
      var samples = testPattern([1, channels, 12, 16, 8])
      change(&samples)
      let source = readouts(of: samples)
      let layout = ScanLayout(header: source.header, acquisitions: source.acquisitions)
      return try SourceHonesty(source, layout: layout).warnings
    }
    /// Scales every sample by a function of its position.
    func scaled(_ factor: @escaping (Int, Int) -> Float) -> (inout NDArray<Complex<Float>>) -> Void {
      { samples in
        for channel in 0..<2 {
          for z in 0..<12 {
            for y in 0..<16 { for x in 0..<8 { samples[0, channel, z, y, x] *= Complex(factor(y, z)) } }
          }
        }
      }
    }
    let zeroFilled = try warnings(scaled { y, _ in y < 3 ? 0 : 1 })
    #expect(zeroFilled.count == 1 && zeroFilled[0].contains("36 of 192"))
    let interpolated = try warnings(scaled { y, z in z < 2 || z > 9 ? 1e-4 : 1 })
    #expect(
      interpolated.count == 2 && interpolated.allSatisfy { $0.contains("kz") && $0.contains("interpolated") })
    // Real-valued images have conjugate-symmetric k-space, up to a phase of the whole image.
    let symmetric = try warnings { samples in
      let original = samples
      for channel in 0..<2 {
        for z in 0..<12 {
          for y in 0..<16 {
            for x in 0..<8 {
              let mirror = original[0, channel, (12 - z) % 12, (16 - y) % 16, (8 - x) % 8]
              samples[0, channel, z, y, x] =
                (original[0, channel, z, y, x] + mirror.conjugate) * Complex(0.6, 0.8)
            }
          }
        }
      }
    }
    #expect(symmetric.count == 1 && symmetric[0].contains("symmetric"))

    var source = readouts(of: testPattern([1, 1, 12, 16, 8]))
    let kept = source.acquisitions.indices.filter { source.acquisitions[$0].counters.line % 2 == 0 }
    source.samples = kept.map { source.samples[$0] }
    source.acquisitions = kept.map { source.acquisitions[$0] }
    let layout = ScanLayout(header: source.header, acquisitions: source.acquisitions)
    let accelerated = try SourceHonesty(source, layout: layout).warnings
    #expect(accelerated.count == 2)
    #expect(accelerated[0].contains("96 of 192") && accelerated[1].contains("one channel"))
  }
}
