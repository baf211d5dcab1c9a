import FourierTransforms
import MRIData
import NDArrays
import Numerics
import RawData
import TestSupport
import Testing

struct PlacementTests {
  @Test(
    "Readouts return to where their counters say",
    arguments: [
      [1, 1, 1, 1, 1], [1, 1, 1, 8, 8], [2, 3, 4, 6, 8], [3, 2, 5, 7, 9], [2, 4, 1, 13, 11],
      [1, 8, 18, 23, 1],
    ])
  func placement(shape: [Int]) throws {
    let truth = testPattern(shape)
    let scan = try KSpace(readouts(of: truth))
    #expect(scan.samples == truth)
    #expect(scan.isFullySampled)
    #expect(scan.readoutRange == 0..<shape[4])
    #expect(scan.noise == .unknown)
    #expect(scan.calibration == nil)
    #expect(scan.parameters.echoTimes.count == shape[0])
  }

  @Test("The order of the readouts changes no bit", arguments: [UInt64(1), 2, 3])
  func shuffling(seed: UInt64) throws {
    let source = demandingScan()
    let reference = try KSpace(source)
    let shuffled = try KSpace(source.shuffled(seed: seed))
    #expect(shuffled.samples == reference.samples)
    #expect(shuffled.calibration?.samples == reference.calibration?.samples)
    #expect(shuffled.masks == reference.masks)
    #expect(shuffled.geometry == reference.geometry)
    #expect(shuffled.noise == reference.noise)
    #expect(shuffled.parameters == reference.parameters)
  }

  @Test("The number of threads changes no bit")
  func threads() throws {
    let source = demandingScan()
    let reference = try Parallelism.withThreads(1) { try KSpace(source) }
    for threads in [2, 3, 7] {
      let scan = try Parallelism.withThreads(threads) { try KSpace(source) }
      #expect(scan.samples == reference.samples)
    }
  }

  /// Oversampled, averaged unequally, partly reversed, with noise and calibration lines.
  private func demandingScan() -> MemorySource {
    let shape = [2, 3, 4, 6, 16]
    var source = readouts(of: testPattern(shape), prescribed: Extents(x: 8, y: 6, z: 4))
    for (index, readout) in source.acquisitions.enumerated() {
      if index % 5 == 0 {
        source.acquisitions[index].flags = .isReverse
        source.acquisitions[index].centerSample = 7
      }
      for average in 1..<(1 + index % 4) {
        source.append(testPattern([3, 16], seed: UInt64(7 + index + 100 * average)).elements, channels: 3) {
          $0.counters = readout.counters
          $0.counters.average = UInt16(average)
        }
      }
      if index % 7 == 0 { source.acquisitions[index].flags.insert(.isCalibrationAndImaging) }
    }
    for index in 0..<3 {
      source.append(testPattern([3, 64], seed: UInt64(50 + index)).elements, channels: 3, flags: .isNoise)
    }
    return source
  }

  @Test("Averages become their mean, whatever their number at a position")
  func averages() throws {
    let truth = testPattern([1, 2, 1, 5, 6])
    var source = readouts(of: truth)
    let extra = testPattern([2, 6], seed: 9)
    for average in 1...3 {
      source.append(extra.elements, channels: 2) {
        $0.counters.line = 2
        $0.counters.average = UInt16(average)
      }
    }
    source.append(testPattern([2, 40], seed: 4).elements, channels: 2, flags: .isNoise)
    let scan = try KSpace(source, options: ReadingOptions(prewhitens: false))
    var expected = truth
    for channel in 0..<2 {
      for x in 0..<6 {
        expected[0, channel, 0, 2, x] =
          (truth[0, channel, 0, 2, x] + extra[channel, x] * Complex(3, 0)) * Complex(0.25, 0)
      }
    }
    #expect(relativeError(scan.samples, expected) < 1e-6)
    // Four of five positions keep their noise power, one has a quarter of it.
    let deviation = try #require(try KSpace(source).noise.standardDeviation)
    #expect(abs(deviation - ((4 + 0.25) / 5 as Float).squareRoot()) < 1e-6)
  }

  @Test("Readouts stored backwards equal forward ones", arguments: [8, 9])
  func reversal(length: Int) throws {
    let truth = testPattern([1, 2, 1, 4, length])
    var source = readouts(of: truth)
    for index in [1, 2] {
      source.acquisitions[index].flags = .isReverse
      source.acquisitions[index].centerSample = UInt16(length - 1 - length / 2)
      source.samples[index] = (0..<2).flatMap {
        source.samples[index][$0 * length..<($0 + 1) * length].reversed()
      }
    }
    let scan = try KSpace(source)
    #expect(scan.samples == truth)
    #expect(scan.parameters.polarities == [.forward])
    #expect(scan.assumptions.contains { $0.contains("read out backwards") })
  }

  @Test("A bipolar echo is reported as reversed")
  func polarity() throws {
    var source = readouts(of: testPattern([3, 1, 1, 4, 8]))
    for index in source.acquisitions.indices where source.acquisitions[index].counters.contrast == 1 {
      source.acquisitions[index].flags = .isReverse
      source.acquisitions[index].centerSample = 3
    }
    #expect(try KSpace(source).parameters.polarities == [.forward, .reversed, .forward])
  }

  @Test(
    "Discarded samples are left out, and the centre counts from the first stored one",
    arguments: [false, true])
  func discarding(isReversed: Bool) throws {
    let truth = testPattern([1, 2, 1, 3, 8])
    var source = readouts(of: truth)
    for index in source.samples.indices {
      var rows = (0..<2).map { Array(source.samples[index][$0 * 8..<($0 + 1) * 8]) }
      if isReversed { rows = rows.map { $0.reversed() } }
      let junk = Complex<Float>(1000, 0)
      source.samples[index] = rows.flatMap { [junk, junk] + $0 + [junk] }
      source.acquisitions[index].sampleCount = 11
      source.acquisitions[index].discardPre = 2
      source.acquisitions[index].discardPost = 1
      source.acquisitions[index].centerSample = isReversed ? 2 + 3 : 2 + 4
      source.acquisitions[index].flags = isReversed ? .isReverse : []
    }
    #expect(try KSpace(source).samples == truth)
  }

  @Test("An asymmetric echo leaves the unsampled part of the readout zero")
  func asymmetricEcho() throws {
    let truth = testPattern([1, 2, 1, 3, 10])
    var source = readouts(of: truth)
    for index in source.samples.indices {
      source.samples[index] = (0..<2).flatMap { source.samples[index][$0 * 10 + 3..<($0 + 1) * 10] }
      source.acquisitions[index].sampleCount = 7
      source.acquisitions[index].centerSample = 2
    }
    let scan = try KSpace(source)
    #expect(scan.readoutRange == 3..<10)
    for x in 0..<10 { #expect(scan.samples[0, 1, 0, 2, x] == (x < 3 ? .zero : truth[0, 1, 0, 2, x])) }
  }

  @Test("Partial Fourier lines go where the header's centre puts them")
  func partialFourier() throws {
    let truth = testPattern([1, 1, 6, 9, 4])
    var source = readouts(of: truth)
    // Counters start at 0 although the first 3 lines and 2 partitions of the grid are missing.
    source.header.encodings[0].limits["kspace_encoding_step_1"] = .init(minimum: 0, maximum: 5, center: 1)
    source.header.encodings[0].limits["kspace_encoding_step_2"] = .init(minimum: 0, maximum: 3, center: 1)
    let kept = source.acquisitions.indices.filter {
      source.acquisitions[$0].counters.line >= 3 && source.acquisitions[$0].counters.partition >= 2
    }
    source.samples = kept.map { source.samples[$0] }
    source.acquisitions = kept.map { index in
      var readout = source.acquisitions[index]
      readout.counters.line -= 3
      readout.counters.partition -= 2
      return readout
    }
    let scan = try KSpace(source)
    #expect(scan.masks[0].acquiredCount == 24)
    for z in 0..<6 {
      for y in 0..<9 {
        let isAcquired = y >= 3 && z >= 2
        #expect(scan.masks[0][line: y, partition: z] == isAcquired)
        #expect(scan.samples[0, 0, z, y, 1] == (isAcquired ? truth[0, 0, z, y, 1] : .zero))
      }
    }
    let sampling = ScanReport(source).sampling[0]
    #expect(sampling.partialFourier == [6.0 / 9, 4.0 / 6])
  }

  @Test(
    "Removing oversampling crops the image, also of asymmetric echoes",
    arguments: [(16, 8, 0), (15, 9, 0), (14, 7, 0), (16, 8, 5), (13, 6, 3)])
  func oversampling(full: Int, cut: Int, missing: Int) throws {
    let truth = testPattern([2, 2, 1, 3, full])
    var source = readouts(of: truth, prescribed: Extents(x: cut, y: 3, z: 1))
    for index in source.samples.indices {
      source.samples[index] = (0..<2).flatMap { source.samples[index][$0 * full + missing..<($0 + 1) * full] }
      source.acquisitions[index].sampleCount = UInt16(full - missing)
      source.acquisitions[index].centerSample = UInt16(full / 2 - missing)
    }
    let scan = try KSpace(source)
    let uncut = try KSpace(source, options: ReadingOptions(removesOversampling: false))
    #expect(scan.geometry.matrix == Extents(x: cut, y: 3, z: 1))
    #expect(scan.prescribedMatrix == scan.geometry.matrix)
    #expect(uncut.geometry.matrix.x == full)
    #expect(uncut.prescribedMatrix.x == full)
    #expect(abs(scan.geometry.voxelSize.x - uncut.geometry.voxelSize.x) < 1e-12)
    var image = scan.samples, whole = uncut.samples
    FourierTransform(shape: [cut]).inverse(&image)
    FourierTransform(shape: [full]).inverse(&whole)
    let start = full / 2 - cut / 2
    var cropped = image
    for echo in 0..<2 {
      for channel in 0..<2 {
        for line in 0..<3 {
          for x in 0..<cut { cropped[echo, channel, 0, line, x] = whole[echo, channel, 0, line, start + x] }
        }
      }
    }
    #expect(relativeError(image, cropped) < 1e-6)
    if missing == 0 {
      #expect(scan.readoutRange == 0..<cut)
    } else {
      #expect(scan.readoutRange.lowerBound > 0)
    }
  }

  @Test("Phase oversampling stays in k-space and is cropped by field of view; interpolation is not done")
  func prescribedGrid() throws {
    var source = readouts(of: testPattern([1, 1, 5, 9, 8]), prescribed: Extents(x: 8, y: 6, z: 4))
    let scan = try KSpace(source)
    #expect(scan.geometry.matrix == Extents(x: 8, y: 9, z: 5))
    #expect(scan.prescribedMatrix == Extents(x: 8, y: 6, z: 4))
    source.header.encodings[0].reconSpace.matrix = [16, 12, 8]
    #expect(try KSpace(source).prescribedMatrix == scan.prescribedMatrix)
    #expect(
      ScanReport(source).findings.contains { $0.problem.contains("interpolate 6 to 12 voxels along y") })
  }

  @Test(
    "A source of negative phase gives conjugated images with the anatomy in place",
    arguments: [[1, 2, 4, 6, 8], [2, 1, 3, 5, 7], [1, 1, 1, 7, 4]])
  func negativePhase(shape: [Int]) throws {
    var source = readouts(of: testPattern(shape))
    // Holes must move with the samples.
    for index in [0, 3] where index < source.acquisitions.count / 2 {
      source.acquisitions.remove(at: index)
      source.samples.remove(at: index)
    }
    let positive = try KSpace(source)
    let negative = try KSpace(source, options: ReadingOptions(phaseSign: .negative))
    let transform = FourierTransform(shape: Array(shape[2...]))
    var image = positive.samples, conjugated = negative.samples
    transform.inverse(&image)
    transform.inverse(&conjugated)
    #expect(relativeError(conjugated, image.map(\.conjugate)) < 1e-6)
    #expect(negative.parameters.phaseSign == .negative)
    for (echo, mask) in negative.masks.enumerated() {
      for z in 0..<shape[2] {
        for y in 0..<shape[3] where !mask[line: y, partition: z] {
          #expect(negative.samples[echo, 0, z, y, 0] == .zero)
        }
      }
    }
  }
}
