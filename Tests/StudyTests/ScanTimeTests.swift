import Files
import Foundation
import MRIData
import NDArrays
import Operators
import ParallelImaging
import Phantoms
import RawData
import TestSupport
import Testing

@testable import Study

/// The minutes that a study states.
@Suite struct ScanTimeTests {
  /// The repetition time of the phantom [s], and the positions of its grid.
  private static let repetition = 30.2e-3, positions = 30 * 16

  private static func study(_ excitations: ScanExcitations, in folder: TemporaryDirectory) -> ScanStudy {
    var study = ScanStudy(
      of: StudyScan(
        ScanStudyTests.scan, input: StudyInput(name: "head.h5", bytes: 1, checksum: "0"),
        excitations: excitations),
      methods: ["zero-filled": ZeroFilled(), "grappa": GRAPPA()], folder: folder.url.path)
    study.masks = ScanStudyTests.masks
    return study
  }

  @Test func `A cell takes the averages of its scan, and an accelerated reference does, too`() throws {
    func times(_ excitations: ScanExcitations, reference: StudyCell) throws -> [Double?] {
      let folder = try TemporaryDirectory()
      return try Self.study(excitations, in: folder).run([ScanStudyTests.cells[2]], reference: reference)
        .results.rows.map(\.record.scanTime)
    }
    let whole = Double(Self.positions) * Self.repetition
    for (excitations, averages) in [
      (ScanExcitations.onePerPosition, 1.0), (.counted(3 * Self.positions), 3),
      (.counted(Self.positions + 240), 1.5),
    ] {
      for (reference, share) in [(ScanStudyTests.complete, 1.0), (ScanStudyTests.cells[0], 0.5)] {
        let found = try times(excitations, reference: reference).map { try #require($0) }
        #expect(found.count == 2)
        #expect(
          abs(found[0] - averages * share * whole) < 1e-9 && abs(found[1] - averages * whole / 3) < 1e-9)
      }
    }
  }

  @Test func `Where nobody knows the number of excitations, no time is stated and no minutes are saved`()
    throws
  {
    let folder = try TemporaryDirectory(), study = Self.study(.unknown, in: folder)
    let outcome = try study.run(ScanStudyTests.cells, reference: ScanStudyTests.complete)
    #expect(outcome.results.rows.allSatisfy { $0.record.scanTime == nil })
    let page = try StudyReport(outcome, images: study.images).html()
    for word in ["saves", "scan time [min]", "minutes", "Scan times are counted"] {
      #expect(!page.contains(word), "\(word)")
    }
    #expect(
      page.contains("<dt>Scan time</dt><dd>unknown</dd>") && !outcome.results.text.contains("scan time"))
  }

  @Test func `A gradient-echo scan's excitations are counted, an echo-planar scan's are unknown`() throws {
    let folder = try TemporaryDirectory(), matrix = Extents(x: 16, y: 20, z: 10)
    var geometry = HeadPhantom.defaultGeometry
    geometry.matrix = matrix
    geometry.voxelSize = [10e-3, 10e-3, 12e-3]
    func phantom(_ parameters: ScanParameters) -> HeadPhantom {
      HeadPhantom(
        HeadAnatomy(seed: 2, age: 40), geometry: geometry, parameters: parameters, channels: 2,
        signalToNoise: 60)
    }
    let plain = PhantomFiles(folder.path("gre.h5")), planar = PhantomFiles(folder.path("epi.h5"))
    try plain.writeScan(of: phantom(.spoiledGradientEcho(echoes: 2)), signalToNoise: 60)
    let train = EchoPlanarTrain(lines: 10, matrix: matrix)
    try planar.writeScan(of: phantom(train.parameters(echoes: 2)), train: train, signalToNoise: 60)
    let known = try StudyFile(MRDFile(at: plain.scan)), unknown = try StudyFile(MRDFile(at: planar.scan))
    #expect(try known.scan().excitations == .counted(200) && known.summary.hasSuffix("positions, 0:06"))
    #expect(try unknown.scan().excitations == .unknown && unknown.summary.hasSuffix("200 of 200 positions"))
    #expect(unknown.layout.parameters.repetitionTime != nil)
  }
}
