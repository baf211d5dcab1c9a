import MRIData
import NDArrays
import Numerics
import RawData
import TestSupport
import Testing

struct SelectionTests {
  @Test("Navigators, phase correction, dummy and feedback lines are left out, several flags at once too")
  func leftOut() throws {
    let truth = testPattern([1, 2, 1, 4, 6])
    var source = readouts(of: truth)
    let omissions: [(AcquisitionFlags, Omission)] = [
      (.isNavigation, .navigator), (.isPhaseCorrection, .phaseCorrection), (.isDummyScan, .dummy),
      (.isRTFeedback, .feedback), (.isHPFeedback, .feedback),
      (.isSurfaceCoilCorrection, .surfaceCoilCorrection),
      (.isPhaseStabilization, .phaseStabilization), (.isPhaseStabilizationReference, .phaseStabilization),
      ([.isPhaseCorrection, .isNavigation, .isRTFeedback], .phaseCorrection),
    ]
    for (flags, _) in omissions {
      source.append(testPattern([2, 6], seed: 3).elements, channels: 2, flags: flags)
    }
    #expect(try KSpace(source).samples == truth)
    let uses = ScanLayout(header: source.header, acquisitions: source.acquisitions).uses
    #expect(Array(uses[4...]) == omissions.map { .leftOut($0.1) })
  }

  @Test("Calibration lines stand apart from image lines")
  func calibration() throws {
    let truth = testPattern([2, 2, 1, 6, 4])
    var source = readouts(of: truth)
    for index in source.acquisitions.indices {
      let line = source.acquisitions[index].counters.line
      source.acquisitions[index].flags =
        line == 2 || line == 4 ? .isCalibrationAndImaging : line == 3 ? .isCalibration : []
    }
    let scan = try KSpace(source)
    let calibration = try #require(scan.calibration)
    for line in 0..<6 {
      #expect(scan.masks[0][line: line, partition: 0] == (line != 3))
      #expect(calibration.mask[line: line, partition: 0] == (2...4).contains(line))
      for channel in 0..<2 {
        #expect(scan.samples[1, channel, 0, line, 1] == (line == 3 ? .zero : truth[1, channel, 0, line, 1]))
        #expect(
          calibration.samples[channel, 0, line, 3]
            == ((2...4).contains(line) ? truth[0, channel, 0, line, 3] : .zero))
      }
    }
  }

  @Test("Calibration lines within the scan are image lines of every echo that has them")
  func embeddedCalibration() throws {
    let truth = testPattern([3, 2, 1, 8, 4])
    var source = readouts(of: truth)
    for index in source.acquisitions.indices {
      let line = source.acquisitions[index].counters.line
      source.acquisitions[index].flags = line == 3 || line == 5 ? .isCalibration : []
    }
    source.header.encodings[0].calibrationMode = "embedded"
    let scan = try KSpace(source),
      layout = ScanLayout(header: source.header, acquisitions: source.acquisitions)
    #expect(scan.samples == truth)
    #expect(scan.masks.allSatisfy { $0.acquiredCount == 8 })
    #expect(scan.calibration?.mask.acquiredCount == 2)
    #expect(!layout.findings.contains { $0.problem.contains("later echoes") })
    // The copy says so in the flags that it has.
    let copy = UndersampledCopy(
      source.acquisitions, layout: layout,
      masks: Array(repeating: SamplingMask(lines: 8, partitions: 1, isAcquired: true), count: 3))
    #expect(copy.removedCount == 0 && !copy.readouts.contains { $0.flags.contains(.isCalibration) })
    // Lines that were measured apart, or of one echo alone, are none.
    source.header.encodings[0].calibrationMode = "separate"
    #expect(try KSpace(source).masks.allSatisfy { $0.acquiredCount == 6 })
    source.header.encodings[0].calibrationMode = "embedded"
    for index in source.acquisitions.indices where source.acquisitions[index].flags == .isCalibration {
      source.acquisitions[index].counters.contrast = 0
      source.acquisitions[index].counters.average = UInt16(index)
    }
    #expect(try KSpace(source).masks.allSatisfy { $0.acquiredCount == 6 })
  }

  @Test("Calibration of another encoding is used on the same k-space, and left out by name otherwise")
  func calibrationEncoding() throws {
    var source = readouts(of: testPattern([1, 2, 1, 6, 4]))
    source.header.encodings.append(source.header.encodings[0])
    source.append(testPattern([2, 4], seed: 5).elements, channels: 2, flags: .isCalibration) {
      $0.encodingSpace = 1
      $0.counters.line = 3
    }
    #expect(try KSpace(source).calibration?.mask.acquiredCount == 1)
    source.header.encodings[1].encodedSpace.fieldOfView.y *= 2
    let scan = try KSpace(source)
    #expect(scan.calibration == nil)
    #expect(scan.assumptions.contains { $0.contains("encoding 1") })
  }

  @Test("Several repetitions, sets and cardiac phases are refused by name and read one by one")
  func selection() throws {
    let counters: [(WritableKeyPath<EncodingCounters, UInt16>, String, (Int) -> ReadingOptions)] = [
      (\.repetition, "`repetition", { ReadingOptions(repetition: $0) }),
      (\.set, "`set", { ReadingOptions(set: $0) }),
      (\.phase, "`cardiacPhase", { ReadingOptions(cardiacPhase: $0) }),
    ]
    for (counter, option, options) in counters {
      let truths = [testPattern([1, 2, 1, 4, 6]), testPattern([1, 2, 1, 4, 6], seed: 2)]
      var source = readouts(of: truths[0])
      for (index, readout) in readouts(of: truths[1]).acquisitions.enumerated() {
        source.append(readouts(of: truths[1]).samples[index], channels: 2) {
          $0.counters = readout.counters
          $0.counters[keyPath: counter] = 3
        }
      }
      let error = try #require(throws: RawDataError.self) { try KSpace(source) }
      #expect(error.kind == .unsupported)
      #expect(error.remedy.contains("\(option): 0"))
      #expect(try KSpace(source, options: options(0)).samples == truths[0])
      #expect(try KSpace(source, options: options(3)).samples == truths[1])
      #expect(throws: RawDataError.self) { try KSpace(source, options: options(1)) }
    }
  }

  @Test("Image lines of several encodings are refused by name and read one by one")
  func encodings() throws {
    let truth = testPattern([1, 1, 1, 4, 6])
    var source = readouts(of: truth)
    source.header.encodings.append(source.header.encodings[0])
    source.append(testPattern([1, 6]).elements, channels: 1) { $0.encodingSpace = 1 }
    let error = try #require(throws: RawDataError.self) { try KSpace(source) }
    #expect(error.remedy.contains("`encodingSpace"))
    #expect(try KSpace(source, options: ReadingOptions(encodingSpace: 0)).samples == truth)
    #expect(try KSpace(source, options: ReadingOptions(encodingSpace: 1)).masks[0].acquiredCount == 1)
  }

  @Test("Slices are sorted by position and stacked; one is read when it is chosen")
  func slices() throws {
    let normal = SIMD3<Float>(0, 0.6, 0.8)
    // Interleaved acquisition: counters 0 1 2 lie at heights 0, 8, 4 mm.
    let heights: [Float] = [0, 8, 4]
    var source = MemorySource(header: .of(Extents(x: 6, y: 4, z: 1)))
    let truths = (0..<3).map { testPattern([1, 2, 1, 4, 6], seed: UInt64($0 + 1)) }
    for (slice, truth) in truths.enumerated() {
      let lines = readouts(of: truth)
      for index in lines.acquisitions.indices {
        source.append(lines.samples[index], channels: 2) {
          $0.counters.line = UInt16(index)
          $0.counters.slice = UInt16(slice)
          $0.phaseDirection = [0, 0.8, -0.6]
          $0.sliceDirection = normal
          $0.position = [10, 20, 30] + heights[slice] * normal
        }
      }
    }
    let error = try #require(throws: RawDataError.self) { try KSpace(source) }
    #expect(error.problem.contains("3 slices") && error.remedy.contains("`slice"))
    let stack = try SliceStack(source.shuffled(seed: 5))
    #expect(stack.slices.map { KSpace($0).samples } == [truths[0], truths[2], truths[1]])
    #expect(stack.geometry.matrix == Extents(x: 6, y: 4, z: 3))
    #expect(abs(stack.geometry.voxelSize.z - 0.004) < 1e-8)
    for (index, slice) in stack.slices.enumerated() {
      let distance = stack.geometry.position(ofVoxel: [3, 2, Double(index)]) - slice.geometry.center
      #expect((distance * distance).sum().squareRoot() < 1e-8)
    }
    #expect(try KSpace(source, options: ReadingOptions(slice: 1)).samples == truths[1])
  }

  @Test("Slices of which less was measured than of others are named")
  func unequalSlices() throws {
    /// The warnings about them where the last slices have so many of six lines, each measured twice.
    func warnings(_ lines: [Int]) throws -> [String] {
      let truth = testPattern([2, 2, 1, 6, 4])
      var source = MemorySource(header: .of(Extents(x: 4, y: 6, z: 1), echoTimes: [0.003, 0.006]))
      for (slice, count) in lines.enumerated() {
        let plane = readouts(of: truth)
        for index in plane.acquisitions.indices {
          let counters = plane.acquisitions[index].counters
          for average in 0..<2 where counters.line < count {
            source.append(plane.samples[index], channels: 2) {
              $0.counters = counters
              $0.counters.slice = UInt16(slice)
              $0.counters.average = UInt16(average)
              $0.position = [0, 0, 5 * Float(slice)]
            }
          }
        }
      }
      return try ScanLayout(of: source).findings.filter { $0.severity == .warning }.map(\.problem)
        .filter { $0.contains("lines of all echoes") }
    }
    #expect(try warnings([6, 6, 6]) == [])
    #expect(try warnings([6]) == [])
    #expect(
      try warnings([6, 6, 4]) == [
        "slice 2 (by the slice counter) has 8 of the 12 lines of all echoes that others have"
      ])
    #expect(
      try warnings([6, 5, 4]) == [
        "slices 1, 2 (by the slice counter) have 8 or more of the 12 lines of all echoes that another one has"
      ])
  }

  @Test("Uneven slices are named, slices in different directions refused as a stack")
  func oddSlices() throws {
    var source = MemorySource(header: .of(Extents(x: 4, y: 1, z: 1)))
    for (slice, height) in [Float(0), 5, 11].enumerated() {
      source.append(testPattern([1, 4]).elements, channels: 1) {
        $0.counters.slice = UInt16(slice)
        $0.position = [0, 0, height]
      }
    }
    let stack = try SliceStack(source)
    #expect(stack.slices[0].assumptions.contains { $0.contains("evenly spaced") })
    source.acquisitions[2].sliceDirection = [0, 1, 0]
    source.acquisitions[2].phaseDirection = [0, 0, 1]
    #expect(throws: RawDataError.self) { try SliceStack(source) }
    #expect(try KSpace(source, options: ReadingOptions(slice: 2)).geometry.sliceDirection == [0, 1, 0])
  }

  @Test("A single readout of a slice or an echo of its own is left out by name", arguments: [true, false])
  func strays(isSlice: Bool) throws {
    let truth = testPattern([3, 2, 1, 24, 8])
    var source = readouts(of: truth)
    source.append(testPattern([2, 8], seed: 9).elements, channels: 2) {
      $0.counters.line = 5
      if isSlice { $0.counters.slice = 900 } else { $0.counters.contrast = 9 }
    }
    let layout = ScanLayout(header: source.header, acquisitions: source.acquisitions)
    #expect(
      layout.findings.contains {
        $0.severity == .warning && $0.problem.contains("acquisition 72")
          && $0.problem.contains(isSlice ? "slice counter 900" : "contrast counter 9")
      }, "\(layout.findings)")
    #expect(layout.uses[72] == .leftOut(isSlice ? .otherSlice : .strayEcho))
    #expect(layout.parameters.echoTimes == source.header.echoTimes)
    #expect(try KSpace(source).samples == truth)
  }
}
