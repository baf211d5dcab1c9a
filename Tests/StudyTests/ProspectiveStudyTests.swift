import Foundation
import MRIData
import NDArrays
import Numerics
import Operators
import ParallelImaging
import Phantoms
import QuantitativeMapping
import RawData
import Sampling
import TestSupport
import Testing

@testable import Study

@Suite struct ProspectiveStudyTests {
  private static let complete = ScanStudyTests.scan

  /// The scan as if it had been accelerated when it was measured.
  private static func accelerated(
    named name: String, _ change: (inout Geometry, inout ScanParameters) -> Void = { _, _ in }
  ) throws -> StudyScan {
    let mask = try ScanStudyTests.masks.masks(
      acceleration: 2, echoes: 1, on: GridExtent(lines: 30, partitions: 16))[0]
    let slice = CompactKSpace(try KSpace(complete.slices[0]).undersampled(by: mask))
    var geometry = slice.geometry, parameters = slice.parameters
    change(&geometry, &parameters)
    let changed = CompactKSpace(
      samples: slice.samples, channels: slice.channels, masks: slice.masks, parameters: parameters,
      geometry: geometry, noise: slice.noise, assumptions: slice.assumptions)
    return StudyScan(
      SliceStack([changed], geometry: geometry), input: StudyInput(name: name, bytes: 1, checksum: name))
  }

  private static func study(of scans: [StudyScan], in folder: TemporaryDirectory) -> ScanStudy {
    var study = ScanStudy(
      of: StudyScan(complete, input: StudyInput(name: "head.h5", bytes: 1, checksum: "0")),
      accelerated: scans, methods: ["zero-filled": ZeroFilled(), "grappa": GRAPPA()],
      folder: folder.url.path)
    study.masks = ScanStudyTests.masks
    return study
  }

  @Test func `A scan that was accelerated at once scores as one that is undersampled by the same mask`()
    throws
  {
    let folder = try TemporaryDirectory()
    let study = Self.study(of: [try Self.accelerated(named: "fast.scan.h5")], in: folder)
    let cells = [
      StudyCell(method: "grappa", acceleration: 2), StudyCell(method: "grappa", scan: "fast"),
    ]
    let outcome = try study.run(cells, reference: ScanStudyTests.complete)
    let rows = outcome.results.rows
    #expect(rows.map(\.cell.name) == ["zero-filled-as-measured", "grappa-af2", "grappa_of_fast"])
    #expect(rows[1].scores == rows[2].scores && rows[1].scores.magnitudeNRMSE > 0)
    #expect(rows[1].record.scanTime == rows[2].record.scanTime && rows[2].record.scanTime != nil)
    #expect(rows[1].record.maskChecksum == rows[2].record.maskChecksum)
    #expect(outcome.results.remarks.contains { $0.contains("nothing was registered") })
    let page = try StudyReport(outcome, images: study.images).html()
    #expect(page.contains("fast.scan.h5") && page.contains("nothing was registered"))
  }

  @Test func `Cells follow from the reference, and are made anew when it is replaced`() throws {
    let folder = try TemporaryDirectory(), fast = try Self.accelerated(named: "fast.h5")
    let cells = [StudyCell(method: "grappa", scan: "fast"), StudyCell(method: "grappa", acceleration: 2)]
    func study(checksum: String) -> ScanStudy {
      var study = ScanStudy(
        of: StudyScan(Self.complete, input: StudyInput(name: "head.h5", bytes: 1, checksum: checksum)),
        accelerated: [fast], methods: ["zero-filled": ZeroFilled(), "grappa": GRAPPA()],
        folder: folder.url.path)
      study.masks = ScanStudyTests.masks
      return study
    }
    func found(_ study: ScanStudy, reference: StudyCell = ScanStudyTests.complete) throws -> [Bool] {
      var found: [Bool] = []
      _ = try study.run(cells, reference: reference) { found.append($0.isFound) }
      return found
    }
    #expect(try found(study(checksum: "0")) == [false, false, false])
    #expect(try found(study(checksum: "0")) == [true, true, true])
    var other = study(checksum: "1")
    other.replacesOthers = false
    #expect(throws: StudyError.self) { try found(other) }
    #expect(try found(study(checksum: "1")) == [false, false, false])
    // Another cell as the reference, and the first one again, which is there still.
    #expect(try found(study(checksum: "1"), reference: StudyCell(method: "grappa")) == [false, false, true])
    other = study(checksum: "1")
    other.replacesOthers = false
    let refusal = #expect(throws: StudyError.self) { try found(other) }
    #expect(refusal?.description.contains("another reference") == true)
  }

  @Test func `Scans that contradict the reference are refused, with what differs`() throws {
    let folder = try TemporaryDirectory()
    func refusal(_ change: (inout Geometry, inout ScanParameters) -> Void) throws -> String {
      let study = Self.study(of: [try Self.accelerated(named: "fast.h5", change)], in: folder)
      do {
        _ = try study.run(
          [StudyCell(method: "grappa", scan: "fast")], reference: ScanStudyTests.complete)
        return ""
      } catch let error as StudyError { return error.description }
    }
    #expect(try refusal { _, parameters in parameters.echoTimes[1] += 1e-3 }.contains("an echo at"))
    #expect(try refusal { _, parameters in parameters.fieldStrength = 7 }.contains("measured at 7 T"))
    #expect(try refusal { geometry, _ in geometry.center.x += 5e-3 }.contains("5 mm off"))
    #expect(try refusal { geometry, _ in geometry.voxelSize.z *= 1.1 }.contains("elastix"))
    #expect(try refusal { _, _ in } == "")
    let twins = Self.study(
      of: [try Self.accelerated(named: "a.h5"), try Self.accelerated(named: "a.mrd")], in: folder)
    #expect(throws: StudyError.unknownScan("a", known: ["a", "a"])) {
      try twins.run([], reference: ScanStudyTests.complete)
    }
  }

  @Test(.enabled(if: Elastix() != nil, "elastix is not installed"))
  func `A scan that is too thin for the reference's susceptibility is refused before anything is made`()
    throws
  {
    var geometry = Self.complete.geometry
    geometry.matrix.z = 6
    let phantom = HeadPhantom(
      HeadAnatomy(seed: 3, age: 40), geometry: geometry, parameters: .spoiledGradientEcho(echoes: 3),
      channels: 4, signalToNoise: 60)
    let thin = StudyScan(
      SliceStack([CompactKSpace(phantom.scan())], geometry: geometry),
      input: StudyInput(name: "thin.h5", bytes: 1, checksum: "1"))
    let folder = try TemporaryDirectory()
    var study = Self.study(of: [thin], in: folder)
    study.alignment = ScanAlignment(tool: try #require(Elastix()), reconstruction: ZeroFilled())
    study.mapping = SusceptibilityMapping()
    let cells = [StudyCell(method: "zero-filled", scan: "thin")]
    let refusal = #expect(throws: StudyError.self) {
      try study.run(cells, reference: ScanStudyTests.complete)
    }
    for word in ["thin.h5: it can have no susceptibility", "too thin a slab", "`mapping`"] {
      #expect(refusal?.description.contains(word) == true, "\(word)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path("cells")))
    // Without susceptibility, it is a scan like any other; beside a reference that has none, too.
    study.mapping = nil
    let rows = try study.run(cells, reference: ScanStudyTests.complete).results.rows
    #expect(rows.count == 2 && rows[1].record.motion != nil)
    var reverse = ScanStudy(
      of: thin, accelerated: [study.scan], methods: study.methods, folder: folder.path("reverse"))
    (reverse.alignment, reverse.mapping) = (study.alignment, SusceptibilityMapping())
    let outcome = try reverse.run(
      [StudyCell(method: "zero-filled", scan: "head")], reference: ScanStudyTests.complete)
    #expect(outcome.results.rows.allSatisfy { $0.record.recipe.mapping.isEmpty })
    #expect(try study.images(of: rows[0].record).susceptibility == nil)
    #expect(try reverse.images(of: outcome.results.rows[1].record).susceptibility == nil)
  }

  @Test(.enabled(if: Elastix() != nil, "elastix is not installed"))
  func `A subject that moved is brought back by elastix`() throws {
    // By the shift theorem: 12 mm along y, one and a half voxels, and the same in the header's eyes.
    let moved = KSpace(Self.complete.slices[0])
    var samples = moved.samples
    let lines = moved.lines, length = moved.readoutLength, shift = 1.5
    samples.withUnsafeMutableBufferPointer { samples in
      for index in samples.indices {
        let line = index / length % lines
        let turn = -2 * Double.pi * shift * Double(line - lines / 2) / Double(lines)
        samples[index] *= Complex<Float>(Float(cos(turn)), Float(sin(turn)))
      }
    }
    let scan = KSpace(
      samples: samples, masks: moved.masks, parameters: moved.parameters, geometry: moved.geometry,
      noise: moved.noise, assumptions: moved.assumptions)
    let other = StudyScan(
      SliceStack([CompactKSpace(scan)], geometry: scan.geometry),
      input: StudyInput(name: "moved.h5", bytes: 1, checksum: "1"))
    func error(aligning: Bool) throws -> (Double, RigidMotion?) {
      var study = Self.study(of: [other], in: try TemporaryDirectory())
      if aligning, let tool = Elastix() {
        study.alignment = ScanAlignment(tool: tool, reconstruction: GRAPPA())
      }
      let row = try study.run(
        [StudyCell(method: "zero-filled", scan: "moved")], reference: ScanStudyTests.complete
      ).results.rows[1]
      return (row.scores.magnitudeNRMSE, row.record.motion)
    }
    let (unaligned, none) = try error(aligning: false), (aligned, motion) = try error(aligning: true)
    #expect(none == nil)
    let found = try #require(motion)
    #expect(abs(found.translation.y - 12e-3) < 1.5e-3 && abs(found.angle) < 0.02)
    #expect(aligned < 0.5 * unaligned)
  }
}
