import Foundation
import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@testable import RawData

struct ScanReportTests {
  @Test("The three accelerations, the calibration box and the readouts are counted")
  func counting() throws {
    let mask = ellipse(lines: 20, partitions: 16)
    let report = ScanReport(sampled(mask))
    let sampling = try #require(report.sampling.first)
    #expect(sampling.isElliptical)
    #expect(sampling.acquired == mask.acquiredCount)
    #expect(sampling.accelerationGrid == 320 / Double(mask.acquiredCount))
    #expect(sampling.accelerationShutter == mask.acceleration(basis: .shutter))
    #expect(sampling.accelerationOuter == mask.acceleration(basis: .outer))
    let box = try #require(mask.calibrationRegion)
    #expect(sampling.calibrationBox == [box.lines.count, box.partitions.count])
    #expect(report.readouts == ["image": 2 * mask.acquiredCount])
    #expect(report.sampling.count == 2 && report.pictures.map(\.echoes) == [[1, 2]])
  }

  @Test("Scan time is the counted shots times TR; echoes and slices share a shot, averages do not")
  func scanTime() throws {
    var source = readouts(of: testPattern([3, 1, 2, 5, 4]))
    source.header.repetitionTimes = [0.02]
    let time = ScanReport(source).time
    #expect(time.shots == 10 && time.counted == 0.2 && time.stamped == nil)
    for readout in source.acquisitions {
      source.append(testPattern([1, 4]).elements, channels: 1) {
        $0.counters = readout.counters
        $0.counters.average = 1
      }
    }
    #expect(ScanReport(source).time.shots == 20)
    source.header.manufacturer = "SIEMENS"
    for index in source.acquisitions.indices { source.acquisitions[index].timeStamp = UInt32(1000 + index) }
    let stamped = ScanReport(source)
    #expect(abs(try #require(stamped.time.stamped) - 59 * 2.5e-3) < 1e-12)
    #expect(stamped.findings.contains { $0.problem.contains("time stamps") })
    for index in source.acquisitions.indices {
      source.acquisitions[index].timeStamp = UInt32(1000 + 3 * index)
    }
    #expect(!ScanReport(source).findings.contains { $0.problem.contains("time stamps") })
  }

  @Test("Separate calibration lines and averages that were not chosen took their time as well")
  func scanTimeOfAll() throws {
    func source(mode: String?) -> MemorySource {
      var source = readouts(of: testPattern([2, 1, 2, 5, 4]))
      source.header.repetitionTimes = [0.02]
      source.header.encodings[0].calibrationMode = mode
      return source
    }
    func append(to source: inout MemorySource, _ change: (inout AcquisitionHeader) -> Void) {
      for readout in source.acquisitions {
        source.append(testPattern([1, 4]).elements, channels: 1) {
          $0.counters = readout.counters
          change(&$0)
        }
      }
    }
    // Lines within the scan belong to the shots of their position.
    for (mode, shots) in [(nil, 20), ("separate", 20), ("embedded", 10)] as [(String?, Int)] {
      var calibrated = source(mode: mode)
      append(to: &calibrated) { $0.flags = .isCalibration }
      #expect(ScanReport(calibrated).time.shots == shots, "\(mode ?? "none")")
    }
    for path in [\EncodingCounters.average, \EncodingCounters.segment] {
      var repeated = source(mode: nil)
      append(to: &repeated) { $0.counters[keyPath: path] = 1 }
      for options in [ReadingOptions(), ReadingOptions(average: 0), ReadingOptions(segment: 0)] {
        let time = ScanReport(repeated, options: options).time
        let isChosen = path == \.average ? options.average == 0 : options.segment == 0
        #expect(time.shots == 20 && time.chosenShots == (isChosen ? 10 : 20))
      }
    }
    var spaces = source(mode: nil)
    spaces.header.encodings.append(spaces.header.encodings[0])
    append(to: &spaces) { $0.encodingSpace = 1 }
    #expect(ScanReport(spaces, options: ReadingOptions(encodingSpace: 0)).time.shots == 20)
  }

  @Test("A report survives JSON, with null for what nobody knows")
  func json() throws {
    var source = sampled(ellipse(lines: 9, partitions: 7))
    source.header.echoTimes = []
    source.header.fieldStrength = nil
    source.header.imagingFrequency = nil
    let report = ScanReport(source)
    let decoded = try JSONDecoder().decode(ScanReport.self, from: JSONEncoder().encode(report))
    #expect(decoded.echoTimes == [nil, nil])
    #expect(decoded.fieldStrength == nil)
    #expect(decoded.description == report.description)
    #expect(decoded.findings == report.findings)
  }

  @Test("The text names oversampling, polarity, asymmetric echoes, noise and every finding")
  func text() throws {
    var source = readouts(
      of: testPattern([3, 2, 1, 6, 20]), prescribed: Extents(x: 10, y: 6, z: 1))
    for index in source.acquisitions.indices {
      source.samples[index] = (0..<2).flatMap { source.samples[index][$0 * 20 + 5..<($0 + 1) * 20] }
      source.acquisitions[index].sampleCount = 15
      let isSecond = source.acquisitions[index].counters.contrast == 1
      source.acquisitions[index].flags = isSecond ? .isReverse : []
      source.acquisitions[index].centerSample = isSecond ? 9 : 5
    }
    source.append(testPattern([2, 300]).elements, channels: 2, flags: .isNoise)
    source.header.relativeNoiseBandwidth = 0.8
    let report = ScanReport(source, skipped: ["waveforms": 3])
    for words in [
      "20 x 6 x 1 encoded", "10 x 6 x 1 image", "2 along readout", "TE 3, 6, 9 ms", "bipolar (+-+)",
      "0.75 of kx",
      "300 samples per channel", "18 image, 1 noise", "3 waveforms",
    ] { #expect(report.description.contains(words), "\(words): \(report)") }
    #expect(report.findings.allSatisfy { report.description.contains($0.problem) })
  }

  @Test("Echo-planar readouts are called so, and the sample that their reversal shifts is no partial Fourier")
  func echoPlanar() {
    var source = readouts(of: testPattern([1, 2, 1, 6, 20]))
    for index in [1, 3, 5] { source.acquisitions[index].flags = .isReverse }
    let report = ScanReport(source)
    #expect(report.isEchoPlanar)
    #expect(report.description.contains("readout mixed (echo-planar)"))
    #expect(report.readoutFraction == 1)
    // Two samples are no accident.
    source.acquisitions[1].centerSample = 11
    #expect(ScanReport(source).readoutFraction == 0.9)
  }

  @Test("Partial Fourier is told from regular undersampling")
  func partialFourier() {
    #expect(partialFourierFraction(Array(0..<48), of: 64) == 0.75)
    #expect(partialFourierFraction(Array(24..<64), of: 64) == 0.625)
    #expect(partialFourierFraction(Array(stride(from: 0, to: 64, by: 3)), of: 64) == 1)
    for extent in [12, 36] {
      #expect(partialFourierFraction(Array(stride(from: 0, to: extent, by: 3)), of: extent) == 1)
    }
    #expect(partialFourierFraction(Array(stride(from: 0, to: 48, by: 3)), of: 64) == 46.0 / 64)
    #expect(partialFourierFraction([1, 2, 3, 4, 5], of: 7) == 1)
    #expect(partialFourierFraction([], of: 7) == 1)
  }

  /// Two echoes of one channel at the positions of a mask.
  private func sampled(_ mask: SamplingMask) -> MemorySource {
    var source = readouts(of: testPattern([2, 1, mask.partitions, mask.lines, 4]))
    let kept = source.acquisitions.indices.filter {
      let counters = source.acquisitions[$0].counters
      return mask[line: Int(counters.line), partition: Int(counters.partition)]
    }
    source.samples = kept.map { source.samples[$0] }
    source.acquisitions = kept.map { source.acquisitions[$0] }
    return source
  }

  /// Every second line of an ellipse, and all of its centre.
  private func ellipse(lines: Int, partitions: Int) -> SamplingMask {
    var mask = SamplingMask(lines: lines, partitions: partitions, isAcquired: false)
    for partition in 0..<partitions {
      for line in 0..<lines {
        let y = 2 * Double(line - lines / 2) / Double(lines),
          z = 2 * Double(partition - partitions / 2) / Double(partitions)
        mask[line: line, partition: partition] = y * y + z * z <= 1 && (line % 2 == 0 || y * y + z * z < 0.2)
      }
    }
    return mask
  }
}
