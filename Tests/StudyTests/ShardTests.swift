import Files
import Foundation
import MRIData
import NDArrays
import ParallelImaging
import Sampling
import TestSupport
import Testing

@testable import Study

@Suite struct ShardTests {
  private func whole() throws -> (results: CohortResults, content: [String: Data]) {
    let folder = try TemporaryDirectory()
    let results = try CohortStudyTests.study(in: folder.url.path).run(CohortStudyTests.subjects)
    try write(results, to: folder.url.path)
    return (results, try CohortStudyTests.content(of: folder.url.path))
  }

  private func write(_ results: CohortResults, to folder: String) throws {
    try results.write(to: folder)
    try AtomicFile.write(CohortReport(results, folder: folder).html(), to: folder + "/report.html")
  }

  /// The subjects of which a part makes something.
  private func subjects(_ shard: StudyShard) -> [(index: Int, subject: CohortSubject)] {
    CohortStudyTests.subjects.enumerated().filter { index, _ in
      (0..<2).contains { shard.contains(member: $0, of: 2, inGroup: index, of: 3) }
    }.map { (index: $0.offset, subject: $0.element) }
  }

  @Test func `A subject whose record lacks a cell is made anew`() throws {
    let expected = try whole(), folder = try TemporaryDirectory()
    func run() throws -> CohortResults {
      try CohortStudyTests.study(in: folder.url.path).run(CohortStudyTests.subjects)
    }
    _ = try run()
    let url = folder.url.appending(path: "subjects/\(CohortStudyTests.subjects[1].name).json")
    var record = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    var rows = try #require(record["rows"] as? [Any])
    rows.removeLast()
    record["rows"] = rows
    try JSONSerialization.data(withJSONObject: record).write(to: url)
    try write(try run(), to: folder.url.path)
    #expect(try CohortStudyTests.content(of: folder.url.path) == expected.content)
  }

  @Test func `Of a subject's record, those cells are done that it holds`() throws {
    let folder = try TemporaryDirectory(), study = CohortStudyTests.study(in: folder.url.path)
    let work = WorkFolder(of: folder.url.path), names = CohortStudyTests.subjects.map(\.name)
    func status(_ cells: [StudyCell]) throws -> StudyStatus {
      try work.note(subjects: names, cells: [study.reference] + cells, masks: study.masks)
      return try StudyStatus(of: folder.url.path)
    }
    _ = try study.run(CohortStudyTests.subjects)
    let more = study.cells + [StudyCell(method: "grappa", acceleration: 2)]
    #expect(try status(study.cells).done == 6 && status(more).done == 2 && status(more).units == 9)
    try AtomicFile.write("{}", to: folder.path("subjects/sub-02.json"))
    #expect(try status(study.cells).done == 4)
  }

  @Test func `What a process that was killed left of a finished subject goes`() throws {
    let folder = try TemporaryDirectory(), study = CohortStudyTests.study(in: folder.url.path)
    _ = try study.run(CohortStudyTests.subjects)
    let expected = try CohortStudyTests.content(of: folder.url.path)
    let name = CohortStudyTests.subjects[1].name
    let cells = folder.url.appending(path: "subjects/\(name)/cells/zero-filled-as-measured")
    let claims = WorkFolder(of: folder.url.path).claims
    try FileManager.default.createDirectory(at: cells, withIntermediateDirectories: true)
    try Data("x".utf8).write(to: cells.appending(path: "cell.json"))
    // A process of this number that began at another time.
    var mark = WorkMark.process.split(separator: "-").map(String.init)
    mark[2] = "1"
    let owner =
      "{\"mark\": \".partial-\(mark.joined(separator: "-"))-0-x\", \"host\": \"here\", \"process\": 1, \"since\": 0}"
    try Data(owner.utf8).write(to: URL(filePath: "\(claims.path)/\(name)+zero-filled-as-measured"))
    _ = try study.run(CohortStudyTests.subjects, share: .nothing)
    #expect(try CohortStudyTests.content(of: folder.url.path) == expected)
    #expect(!FileManager.default.fileExists(atPath: folder.path("subjects/\(name)")))
  }

  @Test(arguments: [1, 2, 3, 4, 7, 59, 200])
  func `Every unit is of one part, and subjects stay whole where there are enough`(count: Int) {
    let subjects = 59, cells = 3
    var owners: [Int: Set<Int>] = [:], sizes: [Int: Int] = [:]
    for subject in 0..<subjects {
      for cell in 0..<cells {
        let own = (0..<count).filter {
          StudyShard($0, of: count).contains(member: cell, of: cells, inGroup: subject, of: subjects)
        }
        #expect(own.count == 1)
        owners[subject, default: []].formUnion(own)
        sizes[own.first ?? -1, default: 0] += 1
      }
    }
    let most = sizes.values.max() ?? 0, least = sizes.values.min() ?? 0
    if count <= subjects {
      #expect(owners.values.allSatisfy { $0.count == 1 } && most - least <= cells && sizes.count == count)
    } else {
      #expect(most == 1)
    }
  }

  @Test func `A part is named, or found in what engines say`() throws {
    #expect(StudyShard("3/8") == StudyShard(2, of: 8))
    for text in ["0/8", "9/8", "3", "3/", "/8", "3/8/1", "a/b", "-1/8", ""] {
      #expect(StudyShard(text) == nil)
    }
    let array = [
      "SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "3",
      "SLURM_ARRAY_TASK_STEP": "2",
    ]
    #expect(try StudyShard(environment: array) == StudyShard(2, of: 4))
    #expect(
      try StudyShard(environment: ["OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2"]).index == 0)
    // A part of an array that was submitted again does not know its place.
    #expect(throws: InputError.self) {
      try StudyShard(environment: [
        "SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "2", "SLURM_ARRAY_TASK_MIN": "3",
      ])
    }
    #expect(throws: InputError.self) { try StudyShard(environment: [:]) }
  }

  @Test(arguments: [[0, 1], [1, 0], [2, 0, 1], [4, 3, 2, 1, 0, 5]])
  func `However a cohort is split, and in whatever order parts are made, its files are the same`(order: [Int])
    throws
  {
    let folder = try TemporaryDirectory(), study = CohortStudyTests.study(in: folder.url.path)
    for index in order {
      let shard = StudyShard(index, of: order.count)
      #expect(try study.make(shard, of: subjects(shard), among: 3).isEmpty)
    }
    let results = try study.run(CohortStudyTests.subjects, share: .nothing) { _ in }
    try write(results, to: folder.url.path)
    let whole = try whole()
    #expect(results.records == whole.results.records && results.missing.isEmpty)
    #expect(try CohortStudyTests.content(of: folder.url.path) == whole.content)
  }

  @Test func `A merge tells what is missing or failed, and reports the rest`() throws {
    let folder = try TemporaryDirectory(), study = CohortStudyTests.study(in: folder.url.path)
    struct Damage: Error, CustomStringConvertible { let description = "the disk ate it" }
    let five =
      CohortStudyTests.subjects
      + ["x", "y"].map { name in
        CohortStudyTests.subject(name, 50, CohortScanCopy.scan)
      }
    var broken = five
    broken[1] = CohortSubject(
      name: five[1].name, age: five[1].age, input: five[1].input, regions: five[1].regions
    ) { throw Damage() }
    let parts = broken.enumerated().map { (index: $0.offset, subject: $0.element) }
    let missing = try study.make(StudyShard(0, of: 1), of: Array(parts.prefix(4)), among: 5)
    #expect(missing == [MissingUnit(name: "sub-02", reason: .failed("the disk ate it"))])
    let results = try study.run(broken, share: .nothing)
    #expect(results.records.map(\.name) == ["sub-01", "sub-03", "x"])
    #expect(
      results.missing == [
        MissingUnit(name: "sub-02", reason: .failed("the disk ate it")),
        MissingUnit(name: "y", reason: .missing),
      ])
    #expect(results.text.contains("sub-02 failed: the disk ate it"))
    let page = try CohortReport(results, folder: folder.url.path).html()
    #expect(page.contains("2 subjects of the cohort are missing here") && page.contains("the disk ate it"))
    // Fewer than three make no group.
    #expect(throws: StudyError.self) {
      try study.run(Array(broken.suffix(3)), share: .nothing)
    }
    // What was mended is made, and is not told to have failed any more.
    let plan = try study.missing(of: five)
    #expect(
      plan.count == 4
        && plan.contains(MissingUnit(name: "sub-02/grappa-af3", reason: .failed("the disk ate it"))))
    let all = try study.run(five)
    #expect(all.records.count == 5 && all.missing.isEmpty)
    #expect(try study.missing(of: five).isEmpty)
  }

  @Test func `A reference that another process makes is waited for; a cell is left to it`() throws {
    let folder = try TemporaryDirectory(), study = ScanStudyTests.study(in: folder.url.path)
    let work = WorkFolder(of: folder.url.path)
    let name = ScanStudyTests.complete.name, cell = ScanStudyTests.cells[0]
    var claim: WorkClaim? = try work.claim(name)
    var steps = 0
    let busy = try work.claim(cell.name)
    let missing = try study.make(
      StudyShard(0, of: 2), of: ScanStudyTests.cells, reference: ScanStudyTests.complete
    ) {
      _ in
      steps += 1
      if steps == 3 {
        claim?.release()
        claim = nil
      }
    }
    #expect(steps > 3)
    guard missing.count == 1, case .running(let owner) = missing[0].reason else {
      Issue.record("\(missing)")
      return
    }
    #expect(missing[0].name == cell.name && owner.process == getpid())
    busy.release()
    let rest = try study.missing(of: ScanStudyTests.cells, reference: ScanStudyTests.complete)
    #expect(rest.map(\.name) == ScanStudyTests.cells.map(\.name))
  }

  @Test func `A plan learns from what finished units took`() throws {
    let folder = try TemporaryDirectory(), study = ScanStudyTests.study(in: folder.url.path)
    let cells = [ScanStudyTests.complete] + ScanStudyTests.cells
    func plan() throws -> StudyPlan {
      StudyPlan(
        folder: folder.url.path, version: "test",
        units: cells.map {
          (StudyUnit(cell: $0), ["head.h5"], UnitNeeds(cpuSeconds: 1000, memory: 1e9, disk: 1))
        }, missing: try study.missing(of: ScanStudyTests.cells, reference: ScanStudyTests.complete))
    }
    #expect(try plan().count(.missing) == 4 && plan().secondsLeft == 4000 && plan().finished == 0)
    _ = try study.make(StudyShard(0, of: 2), of: ScanStudyTests.cells, reference: ScanStudyTests.complete)
    let later = try plan()
    #expect(later.states == "2 done, 2 missing" && later.finished == 2)
    // A thousand seconds were a guess; nothing here takes as much as a hundred.
    #expect(later.units.allSatisfy { $0.needs.cpuSeconds > 0 && $0.needs.cpuSeconds < 100 })
    #expect(later.needs(ofPartsOf: 4).cpuSeconds < later.needs(ofPartsOf: 1).cpuSeconds)
    _ = try study.run(ScanStudyTests.cells, reference: ScanStudyTests.complete)
    #expect(try plan().secondsLeft == 0)
  }

  @Test func `A unit has room for whatever takes most`() {
    let size = ScanSize(matrix: Extents(x: 32, y: 32, z: 16), channels: 4, echoes: 3)
    func needs(_ mapping: MethodNeeds?) -> UnitNeeds {
      UnitNeeds(
        ScanStudyTests.cells[0], of: size, by: Pipeline(GRAPPA(), then: .mdi), mapping: mapping)
    }
    let alone = needs(nil), large = needs(MethodNeeds(memory: 1e12, seconds: 500))
    #expect(alone.memory > 0 && alone.memory < 1e11 && large.memory == 1e12)
    #expect(large.cpuSeconds == alone.cpuSeconds + 500)
    #expect(needs(MethodNeeds(memory: 1, seconds: 0)).memory == alone.memory)
  }

  @Test func `A checksum is remembered until the file changes`() throws {
    let folder = try TemporaryDirectory(), work = WorkFolder(of: folder.url.path)
    try FileManager.default.createDirectory(atPath: work.path, withIntermediateDirectories: true)
    let path = folder.path("scan.h5")
    try AtomicFile.write("one", to: path)
    let first = try work.checksum(ofFile: path)
    #expect(try first == SHA256.digest(ofFile: path) && work.checksum(ofFile: path) == first)
    try AtomicFile.write("two", to: path)
    #expect(try work.checksum(ofFile: path) == SHA256.digest(ofFile: path))
  }

  @Test func `Another version of the program is told, and nothing of it is mixed in`() throws {
    let folder = try TemporaryDirectory()
    try StudyFolder.begin(folder.url.path, version: "1")
    try StudyFolder.begin(folder.url.path, version: "1")
    #expect(
      throws: StudyError.otherChoices(path: folder.url.path, cell: "the study", difference: "version 1")
    ) {
      try StudyFolder.begin(folder.url.path, version: "2")
    }
    try StudyFolder.begin(folder.url.path, version: "2", replacing: true)
    try StudyFolder.begin(folder.url.path, version: "2")
  }
}

/// The scan of the first subject, for subjects that differ in name alone.
private enum CohortScanCopy {
  static let scan: CohortScan = {
    guard let scan = try? CohortStudyTests.subjects[0].load() else {
      fatalError("the first subject has a scan")
    }
    return scan
  }()
}
