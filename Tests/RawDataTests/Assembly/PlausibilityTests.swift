import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@testable import RawData

/// Numbers of headers that no scan has are refused or named, with the unit that they look like.
struct PlausibilityTests {
  private let truth = testPattern([3, 2, 1, 24, 32])

  /// A plane of 240 x 240 x 5 mm.
  private func plane(_ change: (inout MRDHeader) -> Void = { _ in }) -> MemorySource {
    var source = readouts(of: truth)
    source.header.encodings[0].encodedSpace.fieldOfView = [0.24, 0.24, 0.005]
    source.header.encodings[0].reconSpace.fieldOfView = [0.24, 0.24, 0.005]
    change(&source.header)
    return source
  }

  private func findings(_ source: MemorySource, _ options: ReadingOptions = .init()) -> [Finding] {
    ScanLayout(header: source.header, acquisitions: source.acquisitions, options: options).findings
  }

  private func errors(_ source: MemorySource, _ options: ReadingOptions = .init()) -> [Finding] {
    findings(source, options).filter { $0.severity == .error }
  }

  /// Four slices of six lines, 5 mm apart; each readout is told its slice.
  private func slices(_ change: (inout AcquisitionHeader, Int) -> Void) -> MemorySource {
    var source = MemorySource(header: readouts(of: testPattern([1, 2, 1, 6, 8])).header)
    for slice in 0..<4 {
      for line in 0..<6 {
        source.append(testPattern([2, 8]).elements, channels: 2) {
          $0.counters.line = UInt16(line)
          $0.position = [0, 0, Float(5 * slice)]
          change(&$0, slice)
        }
      }
    }
    return source
  }

  @Test("A plausible header is not doubted")
  func control() {
    #expect(findings(plane()).allSatisfy { $0.severity == .note })
  }

  @Test(
    "A field of view in another unit is refused, and the right one is named",
    arguments: [
      ([1e-3, 1e-3, 1e-3], "metres"), ([1e-3, 1, 1], "metres"), ([1, 1e-3, 1], "metres"),
      ([1, 1, 1e-3], "metres"),
      ([1e3, 1e3, 1e3], "micrometres"),
    ])
  func fieldOfView(factors: [Double], unit: String) throws {
    let source = plane { header in
      for axis in 0..<3 { header.encodings[0].encodedSpace.fieldOfView[axis] *= factors[axis] }
    }
    let error = try #require(errors(source).first)
    #expect(
      error.problem.contains("field of view") && error.problem.contains("\(unit) written as millimetres"))
    #expect(error.remedy?.contains("`fieldOfView: 240x240x5mm") == true)
    #expect(errors(source, ReadingOptions(fieldOfView: [0.24, 0.24, 0.005])).isEmpty)
    // A user may slip as well.
    let slip = ReadingOptions(fieldOfView: [0.24 * factors[0], 0.24 * factors[1], 0.005 * factors[2]])
    #expect(
      errors(plane(), slip).contains {
        $0.problem.contains("given field of view") && $0.remedy?.contains("`fieldOfView: 240x240x5mm") == true
      })
  }

  @Test("A field of view that is no length is refused", arguments: [-0.24, .nan])
  func noLength(view: Double) {
    let source = plane { $0.encodings[0].encodedSpace.fieldOfView.x = view }
    #expect(
      errors(source).contains {
        $0.problem.contains("field of view of") && $0.problem.contains("which is none")
      })
    #expect(
      !errors(plane { $0.encodings[0].encodedSpace.fieldOfView.x = 0 }).contains {
        $0.problem.contains("none")
      })
  }

  @Test("What the user says is named where the header says something else, and refused where it cannot be")
  func givenNumbers() throws {
    let source = plane {
      $0.echoTimes = [0.004, 0.008, 0.012]
      $0.fieldStrength = 2.894
    }
    let others = ReadingOptions(echoTimes: [0.04, 0.08, 0.12], fieldStrength: 7)
    let found = findings(source, others).filter { $0.severity == .warning }.map(\.problem)
    #expect(
      found.contains { $0.contains("the given echo times (40, 80, 120 ms) are others than the header's") })
    #expect(found.contains { $0.contains("the given field strength of 7 T is another than the header's") })
    let same = ReadingOptions(echoTimes: [0.004, 0.008, 0.012], fieldStrength: 3)
    #expect(!findings(source, same).contains { $0.problem.contains("given") })
    #expect(
      errors(source, ReadingOptions(echoTimes: [4, 8, 12])).contains {
        $0.problem.contains("echo time of 4000 ms")
      })
    #expect(errors(source, ReadingOptions(fieldStrength: 30000)).contains { $0.problem.contains("gauss") })
  }

  @Test("A repetition that ends before its last echo is unknown")
  func shortRepetition() {
    let source = plane {
      $0.echoTimes = [0.004, 0.008, 0.012]
      $0.repetitionTimes = [0.005]
    }
    let layout = ScanLayout(header: source.header, acquisitions: source.acquisitions, options: .init())
    #expect(layout.parameters.repetitionTime == nil)
    #expect(layout.findings.contains { $0.problem.contains("repetition time (TR) of 5 ms") })
  }

  @Test(
    "Slices whose distance has nothing to do with their thickness are refused", arguments: [1e-3, 1, 1e3])
  func spacing(factor: Float) throws {
    var source = slices { readout, slice in
      readout.counters.slice = UInt16(slice)
      readout.position *= factor
    }
    source.header.encodings[0].encodedSpace.fieldOfView.z = 0.005
    let error = errors(source).first { $0.problem.contains("slices of 5 mm lie") }
    #expect((error == nil) == (factor == 1))
    #expect(factor != 1e-3 || error?.problem.contains("metres written as millimetres") == true)
  }

  @Test("Voxels beyond any unit, and a prescribed field of view of another order, are refused")
  func absurdFieldOfView() {
    let huge = plane { $0.encodings[0].encodedSpace.fieldOfView.y = 1e22 }
    #expect(errors(huge).contains { $0.problem.contains("voxels") })
    let prescribed = plane { $0.encodings[0].reconSpace.fieldOfView *= 1e-3 }
    #expect(errors(prescribed).contains { $0.problem.contains("prescribed field of view along x") })
    // Told what is encoded, the slip of the other is seen.
    let told = ReadingOptions(fieldOfView: [0.48, 0.24, 0.005])
    let layout = ScanLayout(header: prescribed.header, acquisitions: prescribed.acquisitions, options: told)
    #expect(layout.grid.prescribed.x == 16)
    // Centimetres, which make voxels that can be.
    let small = plane { $0.encodings[0].encodedSpace.fieldOfView *= 0.1 }
    #expect(errors(small).contains { $0.problem.contains("prescribed field of view along x") })
    // What was prescribed can be, and does not follow a given field of view of 1 mm.
    let source = plane(), given = ReadingOptions(fieldOfView: [0.001, 0.001, 0.001])
    let other = ScanLayout(header: source.header, acquisitions: source.acquisitions, options: given)
    #expect(other.grid.prescribed.x == 32)
    #expect(!other.findings.contains { $0.assumption?.contains("micrometres") == true })
  }

  @Test(
    "Where fields of view nearly fit the matrices, the matrices say what images show of a readout",
    arguments: [1.0, 0.97, 1.03, 1.06])
  func slightlyWrongFieldOfView(factor: Double) throws {
    let source = plane {
      $0.encodings[0].reconSpace.matrix.x = 16
      $0.encodings[0].reconSpace.fieldOfView.x = 0.12 * factor
    }
    let layout = ScanLayout(header: source.header, acquisitions: source.acquisitions, options: .init())
    #expect(layout.grid.readoutLength == 16)
    #expect(layout.findings.contains { $0.problem.contains("prescribes 16 voxels along x") } == (factor != 1))
    // Told what is encoded, the prescribed field of view counts again.
    let told = ReadingOptions(fieldOfView: [0.24, 0.24, 0.005])
    let other = ScanLayout(header: source.header, acquisitions: source.acquisitions, options: told)
    #expect(other.grid.readoutLength == Int((16 * factor).rounded()))
  }

  @Test("A matrix many times larger than what limits and readouts count is refused", arguments: 0..<2)
  func hugeMatrix(axis: Int) throws {
    for factor in [4.0, 5] {
      let source = plane { $0.encodings[0].encodedSpace.matrix[axis] *= factor }
      let error = errors(source).first { $0.problem.contains("no scanner interpolates so much") }
      #expect((error != nil) == (factor == 5))
      #expect(
        error.map { $0.remedy?.contains(axis == 0 ? "`matrix: 32x24x1" : "`matrix: 24x1") == true } ?? true)
      #expect(errors(source, ReadingOptions(matrix: EncodedMatrix(x: 32, y: 24, z: 1))).isEmpty)
    }
  }

  @Test(
    "Echo times in another unit are refused, and the right ones are named",
    arguments: [(1e-3, "seconds"), (1e3, "microseconds"), (1e6, "nanoseconds")])
  func echoTimes(factor: Double, unit: String) throws {
    let source = plane { $0.echoTimes = [0.004, 0.008, 0.012].map { $0 * factor } }
    let error = try #require(errors(source).first)
    #expect(error.problem.contains("echo times") && error.problem.contains("\(unit) written as milliseconds"))
    #expect(error.remedy?.contains("`echoTimes: 4ms,8ms,12ms") == true)
    #expect(errors(source, ReadingOptions(echoTimes: [0.004, 0.008, 0.012])).isEmpty)
  }

  @Test("Echoes cannot follow each other faster than they are read; ultra-short ones are believed")
  func echoSpacing() {
    // 32 samples of 10 us.
    #expect(errors(plane { $0.echoTimes = [20e-6, 40e-6, 60e-6] }).count == 1)
    var radial = plane { $0.echoTimes = [50e-6, 2e-3, 4e-3] }
    for index in radial.acquisitions.indices { radial.acquisitions[index].centerSample = 1 }
    #expect(errors(radial).isEmpty)
  }

  @Test(
    "A field that no scanner has is refused with the one that it looks like",
    arguments: [
      (30000.0, nil, "gauss", "3T"), (2894, nil, "millitesla", "2.894T"), (nil, 123.2, "megahertz", "2.894T"),
      (nil, 123200, "kilohertz", "2.894T"), (30000, 123.2, "gauss", "3T"),
    ] as [(Double?, Double?, String, String)])
  func field(stated: Double?, frequency: Double?, unit: String, right: String) throws {
    let source = plane {
      $0.fieldStrength = stated
      $0.imagingFrequency = frequency
    }
    let error = try #require(errors(source).first)
    #expect(error.problem.contains("\(unit) written as"))
    #expect(error.remedy?.contains("`fieldStrength: \(right)") == true)
    #expect(errors(source, ReadingOptions(fieldStrength: 3)).isEmpty)
  }

  @Test("Of two fields the possible one is taken, and the other one named")
  func twoFields() throws {
    let megahertz = plane {
      $0.fieldStrength = 2.894
      $0.imagingFrequency = 123.2
    }
    #expect(try KSpace(megahertz).parameters.fieldStrength == 2.894)
    #expect(findings(megahertz).contains { $0.severity == .warning && $0.problem.contains("megahertz") })
    let gauss = plane { $0.fieldStrength = 30000 }
    #expect(abs(try KSpace(gauss).parameters.fieldStrength - 3) < 1e-9)
    #expect(findings(gauss).contains { $0.severity == .warning && $0.problem.contains("gauss") })
  }

  @Test(
    "Repetition times, flip angles and sample times that cannot be count as unknown",
    arguments: [3e-5, 1e305])
  func unknown(time: Double) throws {
    var source = plane {
      $0.repetitionTimes = [time]
      $0.flipAngles = [1e9]
    }
    for index in source.acquisitions.indices { source.acquisitions[index].sampleTime = 1e9 }
    let parameters = try KSpace(source).parameters
    #expect(parameters.repetitionTime == nil && parameters.flipAngle == nil && parameters.dwellTime == nil)
    for words in ["repetition time (TR)", "flip angle", "sample time"] {
      #expect(findings(source).contains { $0.severity == .warning && $0.problem.contains(words) }, "\(words)")
    }
    #expect(ScanReport(source).description.contains("unknown"))
  }

  @Test("Limits of the largest integers overflow nothing")
  func limits() throws {
    let text = """
      <ismrmrdHeader><encoding><encodingLimits><kspace_encoding_step_1><minimum>9e18</minimum>
      <maximum>9e18</maximum></kspace_encoding_step_1><kspace_encoding_step_2><minimum>-9e18</minimum>
      <maximum>9e18</maximum></kspace_encoding_step_2></encodingLimits></encoding></ismrmrdHeader>
      """
    let limits = try MRDHeader(xml: text).encodings[0].limits
    #expect(limits["kspace_encoding_step_1"]?.center == 9_000_000_000_000_000_000)
    #expect(limits["kspace_encoding_step_2"]?.center == 0)
    #expect(
      try MRDHeader(xml: text.replacing("9e18", with: "5")).encodings[0].limits["kspace_encoding_step_1"]?
        .center == 5)
  }

  @Test("Elements within elements without end are refused")
  func deepXML() throws {
    let deep = String(repeating: "<a>", count: 40000) + String(repeating: "</a>", count: 40000)
    let error = try #require(throws: RawDataError.self) {
      try MRDHeader(xml: "<ismrmrdHeader>\(deep)</ismrmrdHeader>")
    }
    #expect(error.problem.contains("64 deep") && error.problem.contains("XML header"))
  }

  @Test("Slices that lie on each other are refused")
  func multiband() throws {
    let text = """
      <ismrmrdHeader><encoding><parallelImaging><multiband><multiband_factor>3</multiband_factor></multiband>
      </parallelImaging></encoding></ismrmrdHeader>
      """
    #expect(try MRDHeader(xml: text).encodings[0].multibandFactor == 3)
    #expect(
      errors(plane { $0.encodings[0].multibandFactor = 2 }).first?.problem.contains("multiband factor of 2")
        == true)
    #expect(errors(plane { $0.encodings[0].multibandFactor = 1 }).isEmpty)
    let words = text.replacing(">3<", with: ">two<")
    #expect(try MRDHeader(xml: words).encodings[0].multibandFactor?.isNaN == true)
    #expect(
      errors(plane { $0.encodings[0].multibandFactor = .nan }).first?.problem.contains("no number") == true)
    #expect(errors(plane { $0.userParameters["MultiBandFactor"] = "2" }).count == 1)
  }

  @Test(
    "Slices that another counter counts are refused by its name",
    arguments: ["partition", "line", "average", "segment", "contrast"])
  func misplacedSlices(counter: String) throws {
    var source = slices { readout, slice in
      switch counter {
      case "partition": readout.counters.partition = UInt16(slice)
      case "line":
        (readout.counters.partition, readout.counters.line) = (readout.counters.line, UInt16(slice))
      case "average": readout.counters.average = UInt16(slice)
      case "segment": readout.counters.segment = UInt16(slice)
      default: readout.counters.contrast = UInt16(slice)
      }
    }
    source.header.encodings[0].encodedSpace.matrix.z = 4
    source.header.encodings[0].limits["kspace_encoding_step_2"] = nil
    let problem = try #require(MisplacedSlices(source.acquisitions).finding).problem
    #expect(problem.contains("slices, not \(counter)s") && problem.contains("0 to 15 mm"))
    for index in source.acquisitions.indices { source.acquisitions[index].position = [0, 0, 5] }
    #expect(MisplacedSlices(source.acquisitions).finding == nil)
  }

  @Test(
    "The few readouts of another length are left out, and do not decide about the grid", arguments: [10, 500])
  func strays(length: Int) throws {
    var source = plane()
    source.append(testPattern([2, length]).elements, channels: 2) { $0.counters.average = 1 }
    let scan = try KSpace(source)
    #expect(scan.samples == truth)
    #expect(scan.assumptions.contains { $0.contains("1 readout") && $0.contains("\(length) samples") })
    // Echoes of a length of their own are no strays.
    var asymmetric = plane()
    for index in asymmetric.acquisitions.indices where asymmetric.acquisitions[index].counters.contrast == 0 {
      asymmetric.acquisitions[index].discardPre = 8
    }
    #expect(!findings(asymmetric).contains { $0.problem.contains("another length") })
  }

  @Test("A sample time of the noise scan that cannot be is named", arguments: [0, -5, 1e9, .nan] as [Float])
  func noiseDwell(time: Float) throws {
    var source = plane()
    source.append(testPattern([2, 400]).elements, channels: 2, flags: .isNoise) { $0.sampleTime = time }
    #expect(
      findings(source).contains {
        $0.severity == .warning && $0.problem.contains("noise scan") && $0.problem.contains("sample time")
          && $0.assumption?.contains("not whitened") == true
      })
    let layout = ScanLayout(header: source.header, acquisitions: source.acquisitions, options: .init())
    let covariance = try NoiseCovariance(source, layout: layout)
    #expect(covariance == nil)
  }

  @Test("One average or segment can be chosen")
  func chosenAverage() throws {
    var source = plane()
    let counters = source.acquisitions.map(\.counters)
    for index in counters.indices {
      source.append(testPattern([2, 32], seed: UInt64(index)).elements, channels: 2) {
        $0.counters = counters[index]
        $0.counters.average = 1
        $0.counters.segment = 4
      }
    }
    #expect(try KSpace(source, options: ReadingOptions(average: 0)).samples == truth)
    #expect(try KSpace(source, options: ReadingOptions(segment: 0)).samples == truth)
    #expect(throws: RawDataError.self) { try KSpace(source, options: ReadingOptions(segment: 2)) }
  }

  @Test("Calibration lines that count by themselves are placed by the limits of their own encoding")
  func ownCounters() throws {
    let truth = testPattern([1, 2, 1, 48, 8])
    var source = readouts(of: truth)
    var second = source.header.encodings[0]
    second.encodedSpace.matrix.y = 16
    second.limits["kspace_encoding_step_1"] = .init(minimum: 0, maximum: 15, center: 8)
    source.header.encodings.append(second)
    for line in 16..<32 {
      let samples = (0..<2).flatMap { truth.part(at: 0, $0, 0, line).elements }
      source.append(samples, channels: 2, flags: .isCalibration) {
        $0.counters.line = UInt16(line - 16)
        $0.encodingSpace = 1
      }
    }
    let lines = try #require(try KSpace(source).calibration)
    #expect((0..<48).filter { lines.mask[line: $0, partition: 0] } == Array(16..<32))
    #expect(lines.samples.part(at: 1, 0, 20) == truth.part(at: 0, 1, 0, 20))
    // Without limits, the middle of their own matrix is the centre.
    source.header.encodings[1].limits = [:]
    #expect(try KSpace(source).calibration?.mask.calibrationRegion?.lines == 16..<32)
  }
}
