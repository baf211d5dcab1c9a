import MRIData
import NDArrays
import Numerics
import RawData
import TestSupport
import Testing

struct ContradictionTests {
  private func error(_ source: MemorySource, _ options: ReadingOptions = .init()) throws -> RawDataError {
    try #require(throws: RawDataError.self) { try KSpace(source, options: options) }
  }

  @Test("Counters beyond the matrix are refused with readout, counter and remedy")
  func beyond() throws {
    var source = readouts(of: testPattern([1, 1, 2, 4, 6]))
    source.header.encodings[0].encodedSpace.matrix.y = 3
    let found = try error(source)
    #expect(found.kind == .contradictory)
    #expect(
      found.problem.contains("acquisition 0 has the line counter 0")
        || found.problem.contains("line counter 3"))
    #expect(found.remedy.contains("`matrix: 4x2"))
    let scan = try KSpace(source, options: ReadingOptions(matrix: EncodedMatrix(y: 4, z: 2)))
    #expect(scan.samples == testPattern([1, 1, 2, 4, 6]))
  }

  @Test("Counters that begin at 1 are not told to take a larger grid, but what makes them right")
  func counting() throws {
    let truth = testPattern([1, 1, 2, 4, 6])
    for (isLine, name) in [(true, "line"), (false, "partition")] {
      var source = readouts(of: truth)
      for index in source.acquisitions.indices {
        if isLine {
          source.acquisitions[index].counters.line += 1
        } else {
          source.acquisitions[index].counters.partition += 1
        }
      }
      let step = "kspace_encoding_step_\(isLine ? 1 : 2)"
      let found = try error(source)
      #expect(found.problem.contains("\(name) counter \(isLine ? 4 : 2)"), "\(found)")
      #expect(found.remedy.contains("begin at 1") && found.remedy.contains(step), "\(found)")
      source.header.encodings[0].limits[step] =
        isLine ? .init(minimum: 1, maximum: 4, center: 3) : .init(minimum: 1, maximum: 2, center: 2)
      #expect(try KSpace(source).samples == truth)
    }
  }

  @Test("Two readouts of one position that no counter tells apart are refused by name")
  func duplicates() throws {
    var source = readouts(of: testPattern([1, 1, 1, 4, 6]))
    source.append(testPattern([1, 6]).elements, channels: 1) { $0.counters.line = 2 }
    let found = try error(source)
    #expect(found.kind == .contradictory)
    #expect(found.problem.contains("acquisitions 2, 4 all claim line 2"))
    #expect(found.remedy.contains("`echoTimes"))
    source.acquisitions[4].counters.segment = 1
    #expect(try KSpace(source).isFullySampled)
  }

  @Test("Echoes without contrast counters are told apart by the order of scan counters")
  func echoesByOrder() throws {
    let truth = testPattern([3, 2, 1, 4, 6])
    var source = readouts(of: truth)
    for index in source.acquisitions.indices { source.acquisitions[index].counters.contrast = 0 }
    _ = try error(source)
    let times = [0.004, 0.009, 0.015]
    let scan = try KSpace(source.shuffled(seed: 8), options: ReadingOptions(echoTimes: times))
    #expect(scan.samples == truth)
    #expect(scan.parameters.echoTimes == times)
    #expect(try error(source, ReadingOptions(echoTimes: [0.004, 0.009])).remedy.contains("Give 3 values"))
  }

  @Test("Echoes that the line counter runs through are told apart once their times are given")
  func echoesByLine() throws {
    let truth = testPattern([3, 2, 1, 8, 8])
    var source = readouts(of: truth)
    for index in source.acquisitions.indices {
      source.acquisitions[index].counters.line = UInt16(index)
      source.acquisitions[index].counters.contrast = 0
    }
    source.header.echoTimes = [0.02]
    let found = try error(source)
    #expect(found.remedy.contains("`matrix: 8x1` `echoTimes: TE1,TE2,TE3"))
    let times = [0.004, 0.009, 0.015]
    let scan = try KSpace(source.shuffled(seed: 8), options: ReadingOptions(echoTimes: times))
    #expect(scan.samples == truth)
    #expect(scan.parameters.echoTimes == times)
    // Shots of three echoes in descending order: two echo times would mix shots.
    for index in source.acquisitions.indices {
      source.acquisitions[index].scanCounter = UInt32((7 - index / 3) * 3 + index % 3)
    }
    #expect(try KSpace(source, options: ReadingOptions(echoTimes: times)).samples == truth)
    let pairs = ReadingOptions(matrix: EncodedMatrix(y: 12, z: 1), echoTimes: [0.004, 0.009])
    #expect(try error(source, pairs).kind == .unsupported)
  }

  @Test("A matrix that is not whole gives way to counters and samples")
  func scaledMatrix() throws {
    let truth = testPattern([1, 2, 4, 6, 10])
    var source = readouts(of: truth)
    source.header.encodings[0].encodedSpace.matrix = [18, 11, 3.9996]
    let scan = try KSpace(source)
    #expect(scan.samples == truth)
    #expect(scan.assumptions.contains { $0.contains("18x11x3.9996") })
  }

  @Test("Limits larger than the matrix do not matter as long as the counters fit")
  func wideLimits() throws {
    let truth = testPattern([1, 1, 1, 6, 4])
    var source = readouts(of: truth)
    source.header.encodings[0].limits["kspace_encoding_step_1"] = .init(minimum: 0, maximum: 40, center: 3)
    #expect(try KSpace(source).samples == truth)
  }

  @Test("Limits that the counters or they themselves contradict give way to the middle of the grid")
  func falseLimits() throws {
    let truth = testPattern([1, 1, 4, 6, 4])
    for (minimum, maximum, center) in [(0, 0, 0), (0, 0, 32), (2, 1, 2), (0, 2, 1)] {
      var source = readouts(of: truth)
      for element in ["kspace_encoding_step_1", "kspace_encoding_step_2"] {
        source.header.encodings[0].limits[element] = .init(minimum: minimum, maximum: maximum, center: center)
      }
      let scan = try KSpace(source)
      #expect(scan.samples == truth)
      #expect(
        scan.assumptions.contains { $0.contains("limits \(minimum)...\(maximum) with centre \(center)") })
    }
  }

  @Test(
    "NaN and infinity are refused by the first readout that holds them", arguments: [Float.nan, .infinity])
  func notFinite(value: Float) throws {
    var source = readouts(of: testPattern([1, 2, 3, 4, 6]))
    for index in [5, 7, 11] { source.samples[index][7] = Complex(0, value) }
    let found = try error(source)
    #expect(found.kind == .malformed)
    #expect(found.problem.contains("acquisition 5 "))
    var noisy = readouts(of: testPattern([1, 2, 3, 4, 6]))
    noisy.append(Array(repeating: Complex(value, 0), count: 40), channels: 2, flags: .isNoise)
    #expect(try error(noisy).problem.contains("acquisition 12 "))
  }

  @Test("Files without readouts or without image lines are refused")
  func incomplete() throws {
    var source = MemorySource(header: .of(Extents(x: 4, y: 4, z: 1)))
    #expect(try error(source).problem == "the file holds no readouts")
    source.append(testPattern([2, 40]).elements, channels: 2, flags: .isNoise)
    source.append(testPattern([2, 4]).elements, channels: 2, flags: .isNavigation)
    let found = try error(source)
    #expect(found.kind == .incomplete)
    #expect(found.problem.contains("1 noise, 1 navigator"))
    #expect(ScanReport(source).findings.first?.severity == .error)
    source.header.encodings = []
    #expect(throws: RawDataError.self) { try KSpace(source) }
  }

  @Test("Changing channel counts are refused by the readout that changes them")
  func channels() throws {
    var source = readouts(of: testPattern([1, 2, 1, 4, 6]))
    source.append(testPattern([3, 6]).elements, channels: 3) { $0.counters.average = 1 }
    #expect(try error(source).problem == "acquisition 4 has 3 channels, acquisition 0 has 2")
  }

  @Test("Other trajectories, monstrous grids and stray echo centres are refused")
  func unsupported() throws {
    var source = readouts(of: testPattern([1, 1, 1, 4, 6]))
    source.acquisitions[2].centerSample = 60000
    #expect(try error(source).problem.contains("60000"))
    source = readouts(of: testPattern([1, 1, 1, 4, 6]))
    source.header.encodings[0].trajectory = "radial"
    #expect(try error(source).kind == .unsupported)
    for extent in [65536, 1e300, .infinity, .nan] {
      var giant = readouts(of: testPattern([1, 1, 1, 4, 6]))
      giant.header.encodings[0].encodedSpace.matrix = [extent, extent, extent]
      giant.header.encodings[0].reconSpace.matrix = [extent, extent, extent]
      giant.acquisitions[0].counters.line = 65535
      giant.acquisitions[0].counters.partition = 65535
      _ = try error(giant)
      #expect(ScanReport(giant).findings.first?.severity == .error)
    }
  }

  @Test("Echo times and fields that are missing or contradictory are named and never guessed")
  func parameters() throws {
    var source = readouts(of: testPattern([3, 1, 1, 4, 6]))
    source.header.echoTimes = [0.003]
    source.header.fieldStrength = 1.5
    let scan = try KSpace(source)
    #expect(scan.parameters.echoTimes.allSatisfy { $0.isNaN })
    #expect(abs(scan.parameters.fieldStrength - 3) < 1e-9)
    #expect(scan.assumptions.contains { $0.contains("1 echo time for 3 echoes") })
    #expect(scan.assumptions.contains { $0.contains("1.5 T") })
    let told = try KSpace(
      source, options: ReadingOptions(echoTimes: [0.001, 0.002, 0.003], fieldStrength: 7))
    #expect(told.parameters.echoTimes == [0.001, 0.002, 0.003])
    #expect(told.parameters.fieldStrength == 7)
    source.header.fieldStrength = nil
    source.header.imagingFrequency = nil
    #expect(try KSpace(source).parameters.fieldStrength.isNaN)
  }

  @Test("Directions that are missing or skew are named; the handedness of the slice direction stays")
  func directions() throws {
    var source = readouts(of: testPattern([1, 1, 2, 4, 6]))
    for index in source.acquisitions.indices {
      source.acquisitions[index].readDirection = [0.8, 0.6, 0]
      source.acquisitions[index].phaseDirection = [-0.6, 0.8, 0]
      source.acquisitions[index].sliceDirection = [0, 0, -1]
      source.acquisitions[index].position = [1, 2, 3]
    }
    let geometry = try KSpace(source).geometry
    let miss = geometry.center - SIMD3(0.001, 0.002, 0.003)
    #expect((miss * miss).sum() < 1e-16)
    #expect(geometry.sliceDirection == [0, 0, -1])
    #expect(abs(geometry.readDirection.x - 0.8) < 1e-7)
    for index in source.acquisitions.indices { source.acquisitions[index].phaseDirection = [-0.5, 0.8, 0.1] }
    let skew = try KSpace(source)
    #expect(skew.assumptions.contains { $0.contains("right angles") })
    #expect(abs((skew.geometry.readDirection * skew.geometry.phaseDirection).sum()) < 1e-12)
    for index in source.acquisitions.indices { source.acquisitions[index].readDirection = .zero }
    #expect(try KSpace(source).assumptions.contains { $0.contains("no directions") })
  }
}
