import Files
import Foundation
import MRIData
import NDArrays
import QSM
import QuantitativeMapping

/// What acceleration costs a group: the same study of every subject, and the statistics over all.
///
/// Subjects are studied one after the other by ``ScanStudy``; what is kept of each is one small record, so
/// that neither memory nor disk grow with images. A cohort that was interrupted goes on with the cell that it was at,
/// and its results are the same to the last bit.
///
///     let study = CohortStudy(methods: methods, cells: cells, reference: StudyCell(method: "grappa", acceleration: 2), folder: "cohort")
///     let results = try study.run(subjects)
public struct CohortStudy: Sendable {
  /// The reconstructions by name.
  public let methods: [String: any Reconstruction]
  /// What is compared with the reference.
  public let cells: [StudyCell]
  /// The cell that the others are compared with.
  public let reference: StudyCell
  /// How masks are made; the same for all subjects of one grid.
  public var masks = MaskChoice()
  /// What the scores depend on.
  public var conventions = ScoreConventions()
  /// How susceptibility is made from the field.
  public var mapping = SusceptibilityMapping()
  /// When an acceleration is said to have cost nothing.
  public var aims = CohortAims()
  /// The program's version and whatever else results follow from, such as a network's weights.
  public var software = ""
  /// Whether subjects that are there and follow from something else are studied anew; else they are refused.
  public var replacesOthers = true
  /// Whether the images of all subjects stay on disk; else those of the first do, and those that stayed before.
  public var keepsImages = false

  let folder: String

  /// Prepares a study.
  ///
  /// - Parameters:
  ///   - methods: The reconstructions by name.
  ///   - cells: What is compared with the reference.
  ///   - reference: The cell that the others are compared with.
  ///   - folder: The study's folder, which is made or continued.
  public init(
    methods: [String: any Reconstruction], cells: [StudyCell], reference: StudyCell, folder: String
  ) {
    self.methods = methods
    self.cells = cells.unique.filter { $0 != reference }
    self.reference = reference
    self.folder = folder
  }

  /// How far a study is.
  public struct Progress: Sendable {
    /// The subject in work.
    public let subject: String
    /// Its place among all, from 0.
    public let index: Int
    /// The number of subjects.
    public let count: Int
    /// The cell in work; `nil` while the scan is read.
    public let cell: ScanStudy.Progress?

    /// The part of the whole that is done.
    public var fraction: Double {
      let within = cell.map { Double($0.index) / Double($0.count) } ?? 0
      return (Double(index) + within) / Double(count)
    }
  }

  /// Studies the subjects that are missing, and makes the statistics of all.
  ///
  /// - Parameters:
  ///   - subjects: The cohort.
  ///   - share: What to make: everything, or nothing, to put together what others have made.
  ///   - progress: Is told of each step before it is made.
  /// - Throws: ``CohortError`` before anything is computed, if the subjects make no group, or too few of them are there;
  ///   else what reading, reconstructions and files throw.
  public func run(
    _ subjects: [CohortSubject], share: StudyShare = .everything,
    progress: (Progress) throws -> Void = { _ in }
  ) throws -> CohortResults {
    try Self.check(subjects)
    if !replacesOthers { for subject in subjects { try checkFound(subject) } }
    try begin()
    var records: [SubjectRecord] = [], missing: [MissingUnit] = []
    let reasons = share == .nothing ? work.reasons : [:]
    for (index, subject) in subjects.enumerated() {
      if share == .nothing, found(subject, withImages: keepsImages || index == 0) == nil {
        missing += self.missing(of: subject, reasons)
        continue
      }
      let made = try study(subject, at: index, of: subjects.count, share: share, progress: progress)
      records += made.record.map { [$0] } ?? []
      missing += made.missing
    }
    let kept = subjects.enumerated().filter { index, subject in
      keepsImages || index == 0 || StudyFolder.keepsImages(of: path(of: subject))
    }.map(\.element)
    work.tidy([folder, "\(folder)/subjects"] + kept.flatMap { [path(of: $0), path(of: $0) + "/cells"] })
    if records.count < Self.leastCount {
      throw StudyError.nothingToReport(folder: folder, missing: missing.map(\.description))
    }
    var results = CohortResults(records, statistics: CohortStatistics(of: records, aims: aims))
    results.missing = missing
    return results
  }

  /// Studies one part of a cohort's subjects or, where there are more parts than subjects, of their cells.
  ///
  /// - Parameters:
  ///   - shard: The part.
  ///   - subjects: The subjects of the part, see ``CohortSource/subjects(of:options:ignoringAffine:checksum:opening:)``.
  ///   - count: The number of all subjects.
  ///   - progress: Is told of each step before it is made.
  /// - Returns: The units of this part that are not there now, and why.
  /// - Throws: What concerns the whole folder; what concerns one unit is returned.
  public func make(
    _ shard: StudyShard, of subjects: [(index: Int, subject: CohortSubject)], among count: Int,
    progress: (Progress) throws -> Void = { _ in }
  ) throws -> [MissingUnit] {
    guard count >= Self.leastCount else {
      throw CohortError.tooFewSubjects(count: count, needed: Self.leastCount)
    }
    if !replacesOthers { for (_, subject) in subjects { try checkFound(subject) } }
    try begin()
    var missing: [MissingUnit] = []
    for (index, subject) in subjects {
      missing += try study(subject, at: index, of: count, share: .shard(shard), progress: progress).missing
    }
    return missing
  }

  /// The units that are not there, and why; a subject that is there has all of its own.
  ///
  /// - Throws: ``StudyError/otherChoices(path:cell:difference:)`` if subjects are there that follow from something else.
  public func missing(of subjects: [CohortSubject]) throws -> [MissingUnit] {
    let reasons = work.reasons
    return try subjects.enumerated().flatMap { index, subject in
      try checkFound(subject)
      if found(subject, withImages: keepsImages || index == 0) != nil { return [MissingUnit]() }
      let store = CellStore(folder: path(of: subject))
      return ([reference] + cells).filter { cell in
        store.anyRecord(of: cell).map { $0.recipe.input != subject.input || $0.recipe.software != software }
          ?? true
      }.map { cell in
        let name = StudyUnit(subject: subject.name, cell: cell).name
        return MissingUnit(name: name, reason: reasons[name] ?? reasons[subject.name] ?? .missing)
      }
    }
  }

  /// Statistics need so many subjects.
  static let leastCount = 3

  /// Makes the folder, or goes on with it.
  private func begin() throws {
    try StudyFolder.begin(folder, version: software, replacing: replacesOthers)
    try FileManager.default.createDirectory(
      atPath: "\(folder)/subjects", withIntermediateDirectories: true)
  }

  private var work: WorkFolder { WorkFolder(of: folder) }

  /// Refuses a group that statistics cannot be made of.
  static func check(_ subjects: [CohortSubject]) throws(CohortError) {
    guard subjects.count >= leastCount else {
      throw .tooFewSubjects(count: subjects.count, needed: leastCount)
    }
    let regions = subjects[0].regions
    for subject in subjects {
      guard !subject.regions.isEmpty else { throw .noRegions(subject: subject.name) }
      guard subject.regions == regions else {
        throw .regionsDiffer(
          subject: subject.name, missing: regions.subtracting(subject.regions).sorted(),
          additional: subject.regions.subtracting(regions).sorted())
      }
    }
  }

  private func path(of subject: CohortSubject) -> String { "\(folder)/subjects/\(subject.name)" }

  private func recipe(of subject: CohortSubject) -> SubjectRecipe {
    SubjectRecipe(
      input: subject.input, cells: [reference] + cells, masks: masks, conventions: conventions,
      methods: Set(([reference] + cells).map(\.method)).sorted().compactMap { methods[$0]?.configuration },
      mapping: mapping.configurations, software: software)
  }

  /// Refuses a subject that is there and follows from something else, which would be replaced; more cells are none such.
  ///
  /// - Throws: ``StudyError/otherChoices(path:cell:difference:)``.
  private func checkFound(_ subject: CohortSubject) throws(StudyError) {
    guard let data = FileManager.default.contents(atPath: path(of: subject) + ".json"),
      let found = try? JSONFile.decode(SubjectRecord.self, from: data).recipe
    else { return }
    let own = recipe(of: subject)
    if let difference = found.difference(from: own) {
      throw .otherChoices(path: folder, cell: subject.name, difference: difference)
    }
  }

  /// The record of a finished subject; `nil` if it is missing or follows from something else.
  private func found(_ subject: CohortSubject, withImages: Bool) -> SubjectRecord? {
    guard let data = FileManager.default.contents(atPath: path(of: subject) + ".json"),
      var record = try? JSONFile.decode(SubjectRecord.self, from: data),
      record.recipe == recipe(of: subject), record.rows.map(\.cell) == record.recipe.cells
    else { return nil }
    let store = CellStore(folder: path(of: subject))
    if withImages, record.rows.contains(where: { store.record(of: $0.record.recipe) == nil }) { return nil }
    // An age may have been corrected since: it changes no image.
    record.age = subject.age
    return record
  }

  /// A subject's record, found or made, or what is missing for it.
  private func study(
    _ subject: CohortSubject, at index: Int, of count: Int, share: StudyShare,
    progress: (Progress) throws -> Void
  ) throws -> (record: SubjectRecord?, missing: [MissingUnit]) {
    func report(_ cell: ScanStudy.Progress?) throws {
      try progress(Progress(subject: subject.name, index: index, count: count, cell: cell))
    }
    try report(nil)
    let keeps = keepsImages || index == 0
    // Whoever works on the subject still, as its claim was taken over, needs the folder.
    func drop() {
      let files = FileManager.default, path = path(of: subject)
      if files.fileExists(atPath: path), !StudyFolder.keepsImages(of: path), !work.isClaimed(subject.name) {
        try? files.removeItem(atPath: path)
      }
    }
    if let record = found(subject, withImages: keeps) {
      if keeps { try StudyFolder.keepImages(of: path(of: subject)) }
      drop()
      return (record, [])
    }
    do {
      let result = try make(subject, at: index, of: count, share: share, progress: report)
      if result.record != nil { drop() }
      return result
    } catch  where share != .everything && !isFatal(error) {
      // What concerns the whole subject, such as a scan that cannot be read.
      return (nil, [MissingUnit(name: subject.name, reason: .failed("\(error)"))])
    }
  }

  /// Why a subject is not there: what became of its cells, and of itself.
  private func missing(
    of subject: CohortSubject, _ reasons: [String: MissingUnit.Reason]
  ) -> [MissingUnit] {
    let names = ([reference] + cells).map { StudyUnit(subject: subject.name, cell: $0).name } + [subject.name]
    let known = names.compactMap { name in
      reasons[name].map { MissingUnit(name: name, reason: $0) }
    }
    return known.isEmpty ? [MissingUnit(name: subject.name, reason: .missing)] : known
  }

  /// Studies one subject, or a share of it; the record is made when all of its cells are there.
  private func make(
    _ subject: CohortSubject, at index: Int, of count: Int, share: StudyShare,
    progress: (ScanStudy.Progress?) throws -> Void
  ) throws -> (record: SubjectRecord?, missing: [MissingUnit]) {
    let scan: CohortScan
    do {
      scan = try subject.load()
      try Self.check(scan, of: subject)
    } catch {
      work.note(error, of: subject.name)
      throw error
    }
    var study = ScanStudy(
      of: StudyScan(scan.scan, input: subject.input, excitations: scan.excitations), methods: methods,
      folder: path(of: subject))
    if keepsImages || index == 0 { try StudyFolder.keepImages(of: study.store.folder) }
    study.masks = masks
    study.conventions = conventions
    study.mapping = mapping
    study.software = software
    study.replacesOthers = replacesOthers
    study.place = ScanStudy.Place(subject: subject.name, index: index, count: count, work: work)
    let made = try study.work(
      cells, reference: reference, mask: scan.mask, share: share, progress: progress)
    guard made.missing.isEmpty else { return (nil, made.missing) }
    // Others may have made the rest.
    let whole =
      made.records.count == 1 + cells.count
      ? made : try study.work(cells, reference: reference, mask: scan.mask, share: .nothing) { _ in }
    // Others are still at work; the last of them goes on from here.
    guard whole.missing.isEmpty, let target = whole.target else {
      return (found(subject, withImages: false), [])
    }
    do {
      let claim = try work.claim(subject.name)
      defer { claim.release() }
      if let record = found(subject, withImages: false) { return (record, []) }
      return try work.keepingAccount(of: subject.name) {
        let results = try study.outcome(
          whole.records.compactMap(\.self), against: target, labels: scan.labels
        ).results
        return (try keep(results, of: subject, scan, study), [])
      }
    } catch let busy as WorkClaim.Busy where share != .everything {
      return (nil, [MissingUnit(name: subject.name, reason: .running(busy.owner))])
    }
  }

  /// Makes and keeps the record of a subject.
  private func keep(
    _ results: StudyResults, of subject: CohortSubject, _ scan: CohortScan, _ study: ScanStudy
  ) throws -> SubjectRecord {
    // A region that the mask or the removal of the background took away would be missed by the statistics.
    let missing = subject.regions.subtracting(results.reference.regions.map(\.name))
    guard missing.isEmpty else {
      throw CohortError.regionsDiffer(subject: subject.name, missing: missing.sorted(), additional: [])
    }
    let record = SubjectRecord(
      name: subject.name, age: subject.age, recipe: recipe(of: subject), maskedVoxels: results.maskedVoxels,
      rows: results.rows, truth: try truth(of: scan, as: study.images(of: results.reference.record)),
      scanProtocol: results.scanProtocol)
    try JSONFile.write(record, to: path(of: subject) + ".json")
    return record
  }

  /// Refuses volumes that do not fit the images, and regions that are not those that were promised.
  private static func check(_ scan: CohortScan, of subject: CohortSubject) throws(CohortError) {
    var matrix = scan.scan.slices[0].prescribedMatrix
    if scan.scan.slices.count > 1 { matrix.z = scan.scan.slices.count }
    for (what, shape) in [
      ("labels", scan.labels.labels.shape as [Int]?), ("mask", scan.mask?.shape),
      ("true values", scan.truth?.shape),
    ] {
      guard let shape, shape != matrix.shape else { continue }
      throw .shapesDiffer(subject: subject.name, what: what, shape: shape, images: matrix.shape)
    }
    let regions = scan.labels.regions
    guard regions == subject.regions else {
      throw .regionsDiffer(
        subject: subject.name, missing: subject.regions.subtracting(regions).sorted(),
        additional: regions.subtracting(subject.regions).sorted())
    }
  }

  /// The regions' true values, relative to the mean over the voxels of the reference's map.
  private func truth(of scan: CohortScan, as images: CellImages) throws -> [RegionValue]? {
    guard let truth = scan.truth, let map = images.susceptibility?[0] else { return nil }
    let inside = truth.elements(within: map.map { $0 != 0 })
    let mean = Float(inside.reduce(0) { $0 + Double($1) } / Double(max(1, inside.count)))
    return try scan.labels.values(of: truth.map { $0 - mean }, within: map)
  }
}
