import Files
import Foundation
import MRIData
import NDArrays
import Operators
import ParallelImaging
import Phantoms
import QSM
import QuantitativeMapping
import RawData
import Sampling
import TestSupport
import Testing

@testable import Study

@Suite struct ScanStudyTests {
  /// A small head of three echoes and four channels.
  static let scan: SliceStack = {
    var geometry = HeadPhantom.defaultGeometry
    geometry.matrix = Extents(x: 24, y: 30, z: 16)
    geometry.voxelSize = [8e-3, 8e-3, 9e-3]
    let phantom = HeadPhantom(
      HeadAnatomy(seed: 3, age: 40), geometry: geometry, parameters: .spoiledGradientEcho(echoes: 3),
      channels: 4,
      signalToNoise: 60)
    return SliceStack([CompactKSpace(phantom.scan())], geometry: geometry)
  }()

  static func study(in folder: String) -> ScanStudy {
    var study = ScanStudy(
      of: StudyScan(scan, input: StudyInput(name: "head.h5", bytes: 1, checksum: "0")),
      methods: ["zero-filled": ZeroFilled(), "grappa": GRAPPA()], folder: folder)
    study.masks = masks
    study.software = "test"
    return study
  }

  static let masks = MaskChoice(calibration: GridExtent(lines: 10, partitions: 10), seed: 5)

  static let complete = StudyCell(method: "zero-filled")
  static let cells = [
    StudyCell(method: "zero-filled", acceleration: 2), StudyCell(method: "grappa", acceleration: 2),
    StudyCell(method: "zero-filled", acceleration: 3),
  ]

  @Test func `The reference scores perfectly, and more acceleration costs more`() throws {
    try withFolder { folder in
      let results = try Self.study(in: folder).run(Self.cells, reference: Self.complete).results
      #expect(results.rows.map(\.cell) == [Self.complete] + Self.cells)
      #expect(results.reference.scores.magnitudeNRMSE == 0 && results.reference.scores.fieldErrorMedian == 0)
      #expect(abs(results.reference.scores.magnitudeSSIM - 1) < 1e-6)
      let errors = results.rows.map(\.scores.magnitudeNRMSE)
      #expect(0 < errors[2] && errors[2] < errors[1] && errors[1] < errors[3])
      #expect(results.rows[1].record.positions == 30 * 16 / 2)
      #expect(results.rows[1].record.maskChecksum == results.rows[2].record.maskChecksum)
      let time = try #require(results.rows[1].record.scanTime)
      #expect(abs(time - 240 * 30.2e-3) < 1e-9)
    }
  }

  @Test func `An interrupted study continues, makes only what is missing, and ends with the same bytes`()
    throws
  {
    struct Stop: Error {}
    try withFolder { whole in
      try withFolder { broken in
        func write(_ study: ScanStudy, _ folder: String, stopping at: Int?) throws -> [Bool] {
          var found: [Bool] = []
          let outcome = try study.run(Self.cells, reference: Self.complete) { progress in
            if progress.index == at { throw Stop() }
            found.append(progress.isFound)
          }
          try outcome.results.write(to: folder)
          try AtomicFile.write(
            StudyReport(outcome, images: study.images).html(), to: folder + "/report.html")
          return found
        }
        #expect(try write(Self.study(in: whole), whole, stopping: nil) == [false, false, false, false])
        #expect(throws: Stop.self) { try write(Self.study(in: broken), broken, stopping: 2) }
        // What a killed run leaves behind is no cell.
        try FileManager.default.createDirectory(
          atPath: broken + "/cells/.partial-x-grappa-af2", withIntermediateDirectories: true)
        #expect(try write(Self.study(in: broken), broken, stopping: nil) == [true, true, false, false])
        #expect(try content(of: broken) == content(of: whole))
      }
    }
  }

  @Test
  func
    `A reference says how far it is from the truth, and ranks nobody where it is no better than a blank map`()
    throws
  {
    try withFolder { folder in
      var study = Self.study(in: folder)
      study.mapping = SusceptibilityMapping(
        masking: MagnitudeMask(), background: VSHARP(), inversion: QuadraticInversion())
      let cells = [StudyCell(method: "zero-filled", acceleration: 2)]
      let plain = try study.run(cells, reference: Self.complete).results
      #expect(plain.truth == nil && plain.rows[1].scores.susceptibilitySSIM != nil)
      let map = try #require(try study.images(of: plain.reference.record).susceptibility)[0]
      // A truth of which the map is a half: the error is a half, and a truth of the other sign: worse than nothing.
      study.truth = map.map { 2 * $0 }
      let good = try study.run(cells, reference: Self.complete).results, scores = try #require(good.truth)
      #expect(abs(scores.nrmse - 0.5) < 1e-6 && abs(scores.correlation - 1) < 1e-6 && scores.ranks)
      #expect(good.rows[1].scores == plain.rows[1].scores && good.text.contains("against the true one"))
      try good.write(to: folder)
      let written: StudyResults = try JSONFile.read(folder + "/results.json")
      #expect(written == good && written.truth?.nrmse == scores.nrmse)
      study.truth = map.map { -$0 }
      let bad = try study.run(cells, reference: Self.complete).results
      #expect(bad.truth?.ranks == false && bad.text.contains("no nearer to the true one than a blank map"))
      #expect(
        bad.rows.allSatisfy { $0.scores.susceptibilityXSIM == nil && $0.scores.susceptibilityNRMSE == nil })
      #expect(bad.rows[1].scores.magnitudeSSIM == plain.rows[1].scores.magnitudeSSIM)
      study.truth = NDArray(repeating: 0, shape: [2, 2, 2])
      #expect(throws: StudyError.self) { try study.run(cells, reference: Self.complete) }
    }
  }

  @Test func `A cell that follows from something else is made anew`() throws {
    try withFolder { folder in
      var study = Self.study(in: folder)
      let first = try study.run([Self.cells[0]], reference: Self.complete).results
      study.masks.seed = 6
      var found: [Bool] = []
      let second = try study.run([Self.cells[0]], reference: Self.complete) { found.append($0.isFound) }
        .results
      #expect(found == [true, false])
      #expect(first.rows[1].record.maskChecksum != second.rows[1].record.maskChecksum)
    }
  }

  @Test func `A cell whose method has other parameters is made anew, and one of equal parameters is not`()
    throws
  {
    try withFolder { folder in
      func found(_ method: GRAPPA) throws -> [Bool] {
        let study = ScanStudy(
          of: StudyScan(Self.scan, input: StudyInput(name: "head.h5", bytes: 1, checksum: "0")),
          methods: ["zero-filled": ZeroFilled(), "grappa": method], folder: folder)
        var found: [Bool] = []
        _ = try study.run([StudyCell(method: "grappa")], reference: Self.complete) {
          found.append($0.isFound)
        }
        return found
      }
      let wide = GRAPPA(kernel: .init(radius: 3, readoutWidth: 3, lines: 6))
      let runs = [try found(GRAPPA()), try found(GRAPPA()), try found(wide)]
      #expect(runs == [[false, false], [true, true], [true, false]])
    }
  }

  @Test func `A study of another version is refused, never half reused`() throws {
    try withFolder { folder in
      _ = try Self.study(in: folder).run([Self.cells[0]], reference: Self.complete)
      try FileManager.default.removeItem(atPath: folder + "/study.json")
      #expect(throws: StudyError.otherForm(path: folder)) { try StudyFolder.check(folder) }
      #expect(throws: StudyError.otherForm(path: folder)) {
        try Self.study(in: folder).run([Self.cells[0]], reference: Self.complete)
      }
      try AtomicFile.write("{\"format\": 1, \"software\": \"KSpaceToolkit\"}", to: folder + "/study.json")
      #expect(throws: StudyError.otherForm(path: folder)) { try StudyFolder.check(folder) }
    }
  }

  @Test func `Susceptibility mapped within another mask is made anew`() throws {
    try withFolder { folder in
      var study = Self.study(in: folder)
      study.mapping = .init()
      let shape = Self.scan.geometry.matrix.shape
      var mask = NDArray(repeating: false, shape: shape), found: [Bool] = []
      for z in 3..<13 { for y in 5..<25 { for x in 4..<20 { mask[z, y, x] = true } } }
      _ = try study.run([], reference: Self.complete, mask: mask)
      mask[3, 5, 4] = false
      _ = try study.run([], reference: Self.complete, mask: mask) { found.append($0.isFound) }
      #expect(found == [false])
      #expect(throws: StudyError.gridsDiffer(volume: "mask", shape: [1, 2, 3], images: shape)) {
        try study.run(
          [], reference: Self.complete, mask: NDArray(repeating: true, shape: [1, 2, 3]))
      }
      #expect(throws: StudyError.emptyMask) {
        try study.run([], reference: Self.complete, mask: mask.map { _ in false })
      }
    }
  }

  @Test func `Cells are inverted by the reference's noise, so that another reference makes them anew`()
    throws
  {
    try withFolder { folder in
      var study = Self.study(in: folder)
      study.mapping = SusceptibilityMapping()
      let mask = NDArray<Bool>(repeating: true, shape: [16, 30, 24])
      let first = try study.run([Self.cells[1]], reference: Self.complete, mask: mask).results.rows[1].record
      let before = try #require(try study.images(of: first).susceptibility)[0]
      var found: [Bool] = []
      let rows = try study.run([Self.cells[1]], reference: Self.cells[0], mask: mask) {
        found.append($0.isFound)
      }.results.rows
      #expect(found == [false, false] && rows[1].record.recipe.noise == "zero-filled-af2")
      #expect(try #require(try study.images(of: rows[1].record).susceptibility)[0] != before)
    }
  }

  @Test func `Regions have their means, and labels on another grid are refused`() throws {
    let geometry = Geometry(matrix: Extents(x: 2, y: 2, z: 1), voxelSize: [1e-3, 1e-3, 1e-3])
    let images = ImageVolumes(NDArray<Float>(repeating: 1, shape: [1, 2, 2]), geometry: geometry)
    let labels = try RegionMap(
      LabelVolume(NDArray([0, 1, 1, 2], shape: [1, 2, 2]), names: [1: "GPe"]), on: images, by: nil
    ).volume
    let map = NDArray<Float>([9, 1, 3, 5], shape: [1, 2, 2])
    let values = try labels.values(of: map)
    #expect(
      values.map(\.name) == ["GPe", "2"] && values.map(\.mean) == [2, 5] && values.map(\.voxels) == [2, 1])
    // Where the reference has no map, nothing is counted.
    let known = NDArray<Float>([1, 0, 1, 0], shape: [1, 2, 2])
    #expect(try labels.values(of: map, within: known).map(\.mean) == [3])
    #expect(throws: StudyError.gridsDiffer(volume: "label volume", shape: [1, 2, 2], images: [1, 4, 1])) {
      try labels.values(of: NDArray([1, 2, 3, 4], shape: [1, 4, 1]))
    }
  }

  @Test func `A calibration box that leaves little for the rest is remarked upon`() throws {
    let grid = GridExtent(lines: 80, partitions: 1)
    let crowded = MaskChoice(), spread = MaskChoice(calibration: GridExtent(lines: 8, partitions: 1))
    let remark = try crowded.remark(
      on: crowded.masks(acceleration: 3, echoes: 1, on: grid)[0], acceleration: 3)
    #expect(remark?.contains("box of 24x1 takes 24 of 27 positions: outside of it, 3 of 56") == true)
    #expect(
      try spread.remark(on: spread.masks(acceleration: 3, echoes: 1, on: grid)[0], acceleration: 3) == nil)
  }

  @Test func `Complementary masks fill each other's gaps, others are the same for all echoes`() throws {
    let grid = GridExtent(lines: 30, partitions: 16)
    var choice = Self.masks
    let same = try choice.masks(acceleration: 3, echoes: 3, on: grid)
    #expect(same.count == 3 && same.allSatisfy { $0 == same[0] })
    choice.isComplementary = true
    let masks = try choice.masks(acceleration: 3, echoes: 3, on: grid)
    let count = masks[0].acquiredCount
    #expect(masks.allSatisfy { $0.acquiredCount == count } && count == same[0].acquiredCount)
    let covered = (0..<16 * 30).count { place in masks.contains { $0.isAcquired[place / 30, place % 30] } }
    // The box is in all of them.
    #expect(covered > 2 * (count - 100) + 100)
  }

  @Test func `A cell that is named twice is made and counted once`() throws {
    let cells = StudyCell.all([.grappa, .zeroFilled, .grappa], [2, 3, 2.0])
    #expect(cells.map(\.name) == ["grappa-af2", "grappa-af3", "zero-filled-af2", "zero-filled-af3"])
    try withFolder { folder in
      let twice = [Self.complete, Self.cells[0], Self.complete, Self.cells[0]]
      let rows = try Self.study(in: folder).run(twice, reference: Self.complete).results.rows
      #expect(rows.map(\.cell) == [Self.complete, Self.cells[0]])
      let cohort = CohortStudy(methods: [:], cells: twice, reference: Self.complete, folder: folder)
      #expect(cohort.cells == [Self.cells[0]])
    }
  }

  @Test func `A method without a name in the study is refused by name`() throws {
    try withFolder { folder in
      #expect(throws: StudyError.unknownMethod("magic", known: ["grappa", "zero-filled"])) {
        try Self.study(in: folder).run(
          [StudyCell(method: "magic", acceleration: 2)], reference: Self.complete)
      }
    }
  }

  /// All files of a folder by their path.
  private func content(of folder: String) throws -> [String: Data] {
    var content: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder)
    where !path.hasPrefix(WorkFolder.name) {
      if let data = FileManager.default.contents(atPath: "\(folder)/\(path)") { content[path] = data }
    }
    return content
  }

  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = try TemporaryDirectory()
    try body(folder.url.path)
  }
}
