import Foundation
import MRIData
import NDArrays
import Operators
import ParallelImaging
import Phantoms
import RawData
import Sampling
import TestSupport
import Testing

@testable import Study

@Suite struct CohortStudyTests {
  static let nuclei: [Int32: String] = [12: "Pu", 7: "thalamus"]

  /// Three tiny heads of different ages.
  static let subjects: [CohortSubject] = [30, 45, 60].enumerated().map { index, age in
    var geometry = HeadPhantom.defaultGeometry
    geometry.matrix = Extents(x: 24, y: 30, z: 20)
    geometry.voxelSize = [7e-3, 7e-3, 5e-3]
    let phantom = HeadPhantom(
      HeadAnatomy(seed: UInt64(3 + index), age: age), geometry: geometry,
      parameters: .spoiledGradientEcho(echoes: 3), channels: 4, signalToNoise: 60)
    let scan = CohortScan(
      SliceStack([CompactKSpace(phantom.scan())], geometry: geometry),
      labels: LabelVolume(phantom.labels[0].map { Int32($0) }, regions: nuclei),
      mask: phantom.brainMask[0].map { $0 != 0 }, truth: phantom.susceptibility[0])
    return subject("sub-0\(index + 1)", age, scan)
  }

  static func subject(
    _ name: String, _ age: Double, _ scan: CohortScan, regions: Set<String>? = nil
  ) -> CohortSubject {
    CohortSubject(
      name: name, age: age, input: StudyInput(name: name, bytes: 1, checksum: "0"),
      regions: regions ?? scan.labels.regions
    ) { scan }
  }

  static func study(in folder: String) -> CohortStudy {
    var study = CohortStudy(
      methods: ["zero-filled": ZeroFilled(), "grappa": GRAPPA()],
      cells: [StudyCell(method: "grappa", acceleration: 3)],
      reference: StudyCell(method: "zero-filled"), folder: folder)
    study.masks = MaskChoice(calibration: GridExtent(lines: 10, partitions: 10), seed: 5)
    study.software = "test"
    return study
  }

  @Test func `Three subjects give statistics, a report and small records`() throws {
    let folder = try TemporaryDirectory()
    let results = try Self.study(in: folder.url.path).run(Self.subjects)
    let statistics = results.statistics
    #expect(statistics.subjects == 3 && statistics.regions.sorted() == ["Pu", "thalamus"])
    #expect(statistics.agreements.count == 2 && statistics.aging.count == 4 && statistics.truth.count == 4)
    // What a cell says of a subject is the mean of the map in the region, of the truth likewise.
    let first = try #require(results.records.first)
    let images = try CellStore(folder: folder.url.path + "/subjects/sub-01").images(of: first.rows[1].record)
    let map = try #require(images.susceptibility)[0]
    let scan = try Self.subjects[0].load()
    let reference = try CellStore(folder: folder.url.path + "/subjects/sub-01").images(
      of: first.rows[0].record)
    let known = try #require(reference.susceptibility)[0]
    #expect(try scan.labels.values(of: map, against: known) == first.rows[1].regions)
    let truth = try #require(first.truth)
    let other = try scan.labels.values(of: #require(scan.truth), within: known)
    #expect(abs((truth[0].mean - truth[1].mean) - (other[0].mean - other[1].mean)) < 1e-6)
    // Images of all subjects but the first are dropped.
    #expect(
      try Set(FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/subjects")) == [
        "sub-01", "sub-01.json", "sub-02.json", "sub-03.json",
      ])
    try results.write(to: folder.url.path)
    let lines = try String(contentsOfFile: folder.url.path + "/subjects.tsv", encoding: .utf8)
      .split(separator: "\n")
    #expect(lines.count == 1 + 3 * 2 * 2 && lines[1].hasPrefix("sub-01\t30.0\tzero-filled-as-measured\t"))
    let page = try CohortReport(results, folder: folder.url.path).html()
    // Three subjects decide nothing: statements rest on intervals, and the page says that they are few.
    let summary = CohortSummary(statistics)
    #expect(page.contains(summary.headline.escapedForMarkup) && page.contains("3 subjects are few"))
    #expect(summary.verdicts(in: statistics.cells[1].cell).count == 2)
    #expect(
      page.contains("data:image/png") && page.contains("putamen and age") && page.contains("Bland-Altman"))
    #expect(
      !page.contains("http://")
        || page.components(separatedBy: "http://").dropFirst().allSatisfy { $0.hasPrefix("www.w3.org/") })
  }

  @Test func `Wherever it is interrupted, a cohort goes on and ends with the same bytes`() throws {
    struct Stop: Error {}
    func write(_ folder: String, stopping at: Int?) throws -> Int {
      var steps = 0
      let results = try Self.study(in: folder).run(Self.subjects) { progress in
        if steps == at { throw Stop() }
        // Cells that are found cost nothing.
        if progress.cell?.isFound == false { steps += 1 }
      }
      try results.write(to: folder)
      let page = try CohortReport(results, folder: folder).html()
      try Data(page.utf8).write(to: URL(filePath: folder + "/report.html"))
      return steps
    }
    let whole = try TemporaryDirectory(), broken = try TemporaryDirectory()
    #expect(try write(whole.url.path, stopping: nil) == 6)
    // In the first subject, between its cells; then in the last.
    #expect(throws: Stop.self) { try write(broken.url.path, stopping: 1) }
    #expect(throws: Stop.self) { try write(broken.url.path, stopping: 4) }
    #expect(try write(broken.url.path, stopping: nil) == 1)
    #expect(try Self.content(of: broken.url.path) == Self.content(of: whole.url.path))
    // A finished cohort computes nothing, and a corrected age changes no image.
    #expect(try write(broken.url.path, stopping: nil) == 0)
    var corrected = Self.subjects
    corrected[1] = Self.subject("sub-02", 46, try corrected[1].load())
    let results = try Self.study(in: broken.url.path).run(corrected) { if $0.cell != nil { throw Stop() } }
    #expect(results.records.map(\.age) == [30, 46, 60])
    // Another mask does.
    var other = Self.study(in: broken.url.path)
    other.masks.seed = 6
    #expect(throws: Stop.self) { try other.run(corrected) { if $0.cell != nil { throw Stop() } } }
  }

  @Test func `Images that were kept stay, whatever a later run is asked for`() throws {
    let folder = try TemporaryDirectory()
    var study = Self.study(in: folder.url.path)
    func kept() throws -> [String: Data] {
      try Self.content(of: folder.url.path).filter { $0.key.hasSuffix(".nii.gz") }
    }
    _ = try study.run(Self.subjects)
    #expect(try Set(kept().keys.map { $0.prefix(15) }) == ["subjects/sub-01"])
    study.keepsImages = true
    _ = try study.run(Self.subjects)
    let images = try kept()
    #expect(Set(images.keys.map { $0.prefix(15) }).count == 3)
    study.keepsImages = false
    _ = try study.run(Self.subjects, share: .nothing)
    _ = try study.run(Self.subjects)
    #expect(try kept() == images)
    // More cells go beside them.
    var more = CohortStudy(
      methods: study.methods, cells: study.cells + [StudyCell(method: "zero-filled", acceleration: 2)],
      reference: study.reference, folder: folder.url.path)
    (more.masks, more.software) = (study.masks, study.software)
    _ = try more.run(Self.subjects)
    #expect(try kept().filter { images.keys.contains($0.key) } == images)
  }

  @Test func `A cohort whose methods have other parameters is replaced by consent alone`() throws {
    let folder = try TemporaryDirectory()
    func study(_ methods: [String: any Reconstruction], _ cells: [StudyCell]) -> CohortStudy {
      let usual = Self.study(in: folder.url.path)
      var study = CohortStudy(
        methods: methods, cells: cells, reference: usual.reference, folder: folder.url.path)
      (study.masks, study.software, study.replacesOthers) = (usual.masks, usual.software, false)
      return study
    }
    let grappa = [StudyCell(method: "grappa", acceleration: 3)]
    _ = try study(["zero-filled": ZeroFilled(), "grappa": GRAPPA()], grappa).run(Self.subjects)
    let before = try Self.content(of: folder.url.path)
    let wide = GRAPPA(kernel: .init(radius: 3, readoutWidth: 3, lines: 6))
    var other = study(["zero-filled": ZeroFilled(), "grappa": wide], grappa)
    let windowed = WindowedReconstruction(GRAPPA(), by: .voxelMean)
    for wrong in [other, study(["zero-filled": ZeroFilled(), "grappa": windowed], grappa)] {
      let refusal = #expect(throws: StudyError.self) { try wrong.run(Self.subjects) }
      #expect(refusal?.description.contains("other parameters (GRAPPA") == true)
      #expect(throws: StudyError.self) { try wrong.missing(of: Self.subjects) }
    }
    #expect(try Self.content(of: folder.url.path) == before)
    // The first subject's images alone are there as well.
    for subject in Self.subjects {
      try FileManager.default.removeItem(atPath: folder.path("subjects/\(subject.name).json"))
    }
    #expect(throws: StudyError.self) { try other.run(Self.subjects) }
    // Another method beside them is no other study.
    let both = study(
      ["zero-filled": ZeroFilled(), "grappa": GRAPPA()],
      grappa + [StudyCell(method: "zero-filled", acceleration: 3)])
    #expect(try both.run(Self.subjects).statistics.cells.count == 3)
    other.replacesOthers = true
    #expect(try other.run(Self.subjects).records[0].rows[1].record.recipe.method == wide.configuration)
  }

  @Test func `Groups without statistics and labels that differ are refused before anything is computed`()
    throws
  {
    let folder = try TemporaryDirectory()
    let study = Self.study(in: folder.url.path)
    #expect(throws: CohortError.tooFewSubjects(count: 2, needed: 3)) {
      try study.run(Array(Self.subjects.prefix(2)))
    }
    var scan = try Self.subjects[0].load()
    scan.labels = LabelVolume(
      scan.labels.labels.map { $0 == 12 ? 17 : $0 }, names: [7: "thalamus", 17: "RN"])
    #expect(throws: CohortError.regionsDiffer(subject: "x", missing: ["Pu"], additional: ["RN"])) {
      try study.run(Self.subjects + [Self.subject("x", 20, scan)])
    }
    scan.labels = LabelVolume(NDArray(repeating: 0, shape: [20, 30, 24]))
    #expect(throws: CohortError.noRegions(subject: "y")) {
      try study.run(Self.subjects + [Self.subject("y", 20, scan)])
    }
    #expect(!FileManager.default.fileExists(atPath: folder.url.path + "/subjects"))
    // What only the scan itself tells is refused when its turn comes.
    scan.labels = LabelVolume(NDArray(repeating: 1, shape: [20, 30, 23]))
    let odd = Self.subject("z", 20, scan)
    #expect(
      throws: CohortError.shapesDiffer(
        subject: "z", what: "labels", shape: [20, 30, 23], images: [20, 30, 24])
    ) { try study.run([odd, Self.subject("a", 20, scan), Self.subject("b", 20, scan)]) }
  }

  static func content(of folder: String) throws -> [String: Data] {
    var content: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder)
    where !path.hasPrefix(WorkFolder.name) {
      if let data = FileManager.default.contents(atPath: "\(folder)/\(path)") { content[path] = data }
    }
    return content
  }
}
