import Foundation
import MRIData
import NDArrays
import Numerics
import TestSupport
import Testing

@testable import RawData

/// Headers that state what cannot be: each is named, and what is assumed in its place leads to the right image.
struct DistrustTests {
  private let truth = testPattern([1, 2, 4, 6, 8])

  private func findings(_ source: MemorySource, _ options: ReadingOptions = .init()) -> [Finding] {
    ScanLayout(header: source.header, acquisitions: source.acquisitions, options: options).findings
  }

  @Test("A centre that pushes counters off the grid is not believed", arguments: [0, 2, 4, 5])
  func center(stated: Int) throws {
    var source = readouts(of: truth)
    source.header.encodings[0].limits["kspace_encoding_step_1"] = .init(
      minimum: 0, maximum: 5, center: stated)
    let scan = try KSpace(source)
    #expect(scan.samples == truth)
    let finding = try #require(findings(source).first { $0.problem.contains("centre \(stated) of the line") })
    // The remedy keeps the centre on a grid that has room for it.
    let extent = 2 * max(stated, 6 - stated)
    #expect(finding.remedy == "`matrix: \(extent)x4` keeps the header's centre")
    let wide = try KSpace(source, options: ReadingOptions(matrix: EncodedMatrix(y: extent, z: 4)))
    #expect(wide.masks[0][line: extent / 2 - stated, partition: 0])
    #expect(wide.masks[0].acquiredCount == 24)
    // One line too few for any centre: the refusal names the counter beyond it, and a grid that works.
    let refusal = try #require(throws: RawDataError.self) {
      try KSpace(source, options: ReadingOptions(matrix: EncodedMatrix(x: 8, y: 5, z: 4)))
    }
    #expect(refusal.problem.contains("line counter 5, beyond the 5 lines"))
    #expect(refusal.remedy.contains("`matrix: 6x4"))
  }

  @Test("A credible centre moves partial sampling to its place")
  func partialSampling() throws {
    var source = readouts(of: truth)
    source.header.encodings[0].encodedSpace.matrix.y = 8
    source.header.encodings[0].limits["kspace_encoding_step_1"] = .init(minimum: 0, maximum: 5, center: 2)
    let mask = try KSpace(source).masks[0]
    #expect(
      (0..<8).map { mask[line: $0, partition: 0] } == [false, false] + Array(repeating: true, count: 6))
  }

  @Test("Limits beyond 16 bits are no limits")
  func limits() throws {
    var source = readouts(of: truth)
    source.header.encodings[0].encodedSpace.matrix.y = 5.5
    source.header.encodings[0].limits["kspace_encoding_step_1"] = .init(
      minimum: 0, maximum: .max, center: .max - 1)
    #expect(try KSpace(source).samples == truth)
  }

  @Test("An encoding without a matrix keeps its place")
  func encodingWithoutMatrix() throws {
    let header = try MRDHeader(
      xml: """
        <ismrmrdHeader><encoding><trajectory>cartesian</trajectory></encoding>
        <encoding><encodedSpace><matrixSize><x>8</x><y>64</y><z>32</z></matrixSize></encodedSpace></encoding>
        </ismrmrdHeader>
        """)
    #expect(header.encodings.map(\.encodedSpace.matrix) == [.zero, [8, 64, 32]])
    var source = readouts(of: truth)
    source.header.encodings = header.encodings
    let scan = try KSpace(source)
    #expect(scan.samples == truth)
    #expect(scan.assumptions.contains { $0.contains("states no matrix") && $0.contains("8x6x4") })
    // Calibration lines of an encoding that nobody knows do not calibrate.
    source.append(testPattern([2, 8]).elements, channels: 2, flags: .isCalibration) { $0.encodingSpace = 1 }
    #expect(try KSpace(source).calibration == nil)
  }

  @Test("Twice the points that were sampled are no oversampling")
  func emptyHalf() throws {
    var source = readouts(of: NDArray(repeating: Complex(1), shape: [1, 2, 1, 24, 32]))
    source.header.encodings[0].encodedSpace.matrix.x = 64
    let layout = try ScanLayout(of: source)
    #expect(layout.grid.assumedOversampling == 1 && layout.grid.prescribed.x == 64)
    #expect(
      layout.findings.contains {
        $0.severity == .warning && $0.problem.contains("32 of the 64 points")
          && $0.remedy?.contains("`matrix: 32x24x1`") == true
      })
    #expect(ScanReport(source).readoutFraction == 1)
    source = readouts(of: NDArray(repeating: Complex(1), shape: [1, 2, 1, 24, 64]))
    source.header.encodings[0].encodedSpace.fieldOfView.x = 0.032
    source.header.encodings[0].reconSpace.matrix.x = 32
    source.header.encodings[0].reconSpace.fieldOfView.x = 0.032
    #expect(
      ScanLayout(header: source.header, acquisitions: source.acquisitions).grid.assumedOversampling == 2)
  }

  @Test("Readouts whose oversampling was removed before are told from such that lack it", arguments: [0, 8])
  func removedOversampling(missing: Int) throws {
    let truth = testPattern([1, 2, 1, 24, 32])
    var source = readouts(of: truth)
    for index in source.samples.indices {
      source.samples[index] = (0..<2).flatMap { source.samples[index][$0 * 32 + missing..<($0 + 1) * 32] }
      source.acquisitions[index].sampleCount = UInt16(32 - missing)
      source.acquisitions[index].centerSample = UInt16(16 - missing)
    }
    source.header.encodings[0].encodedSpace.matrix.x = 64
    source.header.encodings[0].encodedSpace.fieldOfView.x = 0.064
    let scan = try KSpace(source)
    #expect(scan.geometry.matrix == Extents(x: 32, y: 24, z: 1) && scan.readoutRange == missing..<32)
    #expect(abs(scan.geometry.voxelSize.x - 1e-3) < 1e-12)
    #expect(scan.samples[0, 1, 0, 7, 20] == truth[0, 1, 0, 7, 20])
    #expect(scan.assumptions.contains { $0.contains("oversampling was removed before") })
    #expect(ScanReport(source).readoutFraction == Double(32 - missing) / 32)
    // The user may say that the header is right.
    let told = ReadingOptions(matrix: EncodedMatrix(x: 64, y: 24, z: 1), removesOversampling: false)
    #expect(try KSpace(source, options: told).geometry.matrix.x == 64)
    #expect(!findings(source, told).contains { $0.assumption?.contains("removed before") == true })
    // Two thirds of the samples are left neither by that nor by anything that is known.
    source.header.encodings[0].encodedSpace.matrix.x = 48
    #expect(!findings(source).contains { $0.assumption?.contains("removed before") == true })
  }

  @Test("Without the removal of oversampling, images are not cropped along the readout")
  func oversampling() throws {
    let source = readouts(of: truth, prescribed: Extents(x: 4, y: 5, z: 4))
    #expect(try KSpace(source).prescribedMatrix == Extents(x: 4, y: 5, z: 4))
    let whole = ReadingOptions(removesOversampling: false)
    let scan = try KSpace(source, options: whole)
    #expect(scan.samples == truth)
    #expect(scan.prescribedMatrix == Extents(x: 8, y: 5, z: 4))
    #expect(ScanReport(source, options: whole).imageMatrix == [8, 5, 4])
  }

  @Test("Values that can only be positive count as missing otherwise", arguments: [0, -4.0])
  func missingValues(value: Double) throws {
    var source = readouts(of: truth)
    source.header.imagingFrequency = value * 1e6
    #expect(try KSpace(source).parameters.fieldStrength == 3)
    #expect(findings(source).contains { $0.problem.contains("Larmor frequency of \(Int(value)) MHz") })
    source.header.fieldStrength = value
    source.header.echoTimes = [value * 1e-3]
    source.header.repetitionTimes = [value]
    source.header.flipAngles = [value]
    let parameters = try KSpace(source).parameters
    #expect(parameters.fieldStrength.isNaN && parameters.imagingFrequency.isNaN)
    #expect(parameters.echoTimes[0].isNaN)
    #expect(parameters.repetitionTime == nil && parameters.flipAngle == nil)
    for words in ["field of \(Int(value)) T", "echo time of \(Int(value)) ms", "repetition", "flip"] {
      #expect(findings(source).contains { $0.problem.contains(words) }, "\(words)")
    }
    let told = ReadingOptions(echoTimes: [0.004], fieldStrength: 7)
    #expect(try KSpace(source, options: told).parameters.echoTimes == [0.004])
  }

  @Test("A position that is no number is the isocentre", arguments: [Float.nan, .infinity])
  func position(value: Float) throws {
    var source = readouts(of: truth)
    for index in source.acquisitions.indices { source.acquisitions[index].position = [1, value, 3] }
    let scan = try KSpace(source)
    #expect(scan.geometry.center == .zero)
    #expect(scan.assumptions.contains { $0.contains("no usable position") && $0.contains("isocentre") })
    #expect(!scan.assumptions.contains { $0.contains("another position") })
  }

  @Test("Directions that span no plane are not believed; a slice direction alone can be worked out")
  func directions() throws {
    var source = readouts(of: truth)
    func set(_ read: SIMD3<Float>, _ phase: SIMD3<Float>, _ slice: SIMD3<Float>) throws -> KSpace {
      for index in source.acquisitions.indices {
        source.acquisitions[index].readDirection = read
        source.acquisitions[index].phaseDirection = phase
        source.acquisitions[index].sliceDirection = slice
      }
      return try KSpace(source)
    }
    let parallel = try set([0, 1, 0], [0, 1, 0], [0, 0, 1])
    #expect(parallel.assumptions.contains { $0.contains("parallel") })
    #expect(parallel.geometry.readDirection == [1, 0, 0] && parallel.geometry.phaseDirection == [0, 1, 0])
    for missing in [SIMD3<Float>.zero, [.nan, 0, 0]] {
      let flat = try set([0, 1, 0], [0, 0, 1], missing)
      #expect(flat.geometry.readDirection == [0, 1, 0] && flat.geometry.phaseDirection == [0, 0, 1])
      #expect(flat.geometry.sliceDirection == [1, 0, 0])
      #expect(flat.assumptions.contains { $0.contains("no slice direction") })
    }
    let broken = try set([.nan, 1, 0], [0, 0, 1], [1, 0, 0])
    #expect(broken.geometry.readDirection == [1, 0, 0])
    #expect(broken.assumptions.contains { $0.contains("no directions") })
    #expect(!broken.assumptions.contains { $0.contains("another position") })
  }

  @Test("Echoes are suggested only where there can be that many")
  func suggestedEchoes() throws {
    let source = readouts(of: testPattern([1, 1, 1, 40, 4]))
    for (extent, suggests) in [(1, false), (2, false), (4, true)] {
      let options = ReadingOptions(matrix: EncodedMatrix(x: extent, y: 1, z: 1))
      let error = try #require(throws: RawDataError.self) { try KSpace(source, options: options) }
      #expect(error.remedy.contains("`echoTimes") == suggests, "\(error)")
      #expect(error.remedy.contains("`matrix: 40x1"))
    }
  }

  @Test("What the user has just said is not suggested to him")
  func remedies() {
    var source = readouts(of: truth)
    source.header.encodings[0].encodedSpace.matrix.x = 4
    source.header.encodings[0].reconSpace.fieldOfView *= 4
    let given = ReadingOptions(fieldOfView: [0.01, 0.01, 0.01])
    #expect(findings(source).count { $0.remedy?.contains("`fieldOfView") == true } == 4)
    #expect(!findings(source, given).contains { $0.remedy?.contains("`fieldOfView") == true })
    #expect(
      findings(source, given).contains { $0.assumption?.contains("given field of view of 10 mm") == true })
  }

  @Test(
    "Grids that no image file holds are refused",
    arguments: [[32768, 1, 1], [8, 60000, 4], [8, 6, 32768], [8, 4096, 2048]])
  func giantGrids(extents: [Int]) throws {
    var source = readouts(of: truth)
    let matrix = EncodedMatrix(x: extents[0], y: extents[1], z: extents[2])
    let told = findings(source, ReadingOptions(matrix: matrix))
    #expect(told.contains { $0.severity == .error && $0.problem.contains("larger than any scan") })
    source.header.encodings[0].encodedSpace.matrix = SIMD3(extents.map(Double.init))
    #expect(findings(source).contains { $0.problem.contains("larger than any scan") })
  }

  @Test("A layout says how much memory the scan takes")
  func memory() throws {
    var source = readouts(of: truth)
    for slice in 1...2 {
      source.append(testPattern([2, 8]).elements, channels: 2) { $0.counters.slice = UInt16(slice) }
    }
    let layout = ScanLayout(header: source.header, acquisitions: source.acquisitions)
    #expect(layout.size.kSpaceBytes == Double(3 * truth.count * 8))
    let giant = ScanLayout(
      header: source.header, acquisitions: source.acquisitions,
      options: ReadingOptions(matrix: EncodedMatrix(x: 32767, y: 2048, z: 2048)))
    #expect(giant.size.kSpaceBytes == 3 * 2 * 32767 * 2048 * 2048 * 8)
  }
}
