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
  /// Whether the images of all subjects stay on disk; else those of the first do.
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
    self.cells = cells.filter { $0 != reference }
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
  ///   - progress: Is told of each step before it is made.
  /// - Throws: ``CohortError`` before anything is computed, if the subjects make no group; else what reading,
  ///   reconstructions and files throw.
  public func run(
    _ subjects: [CohortSubject], progress: (Progress) throws -> Void = { _ in }
  ) throws -> CohortResults {
    try Self.check(subjects)
    if !replacesOthers { for subject in subjects { try checkFound(subject) } }
    try StudyFolder.begin(folder)
    try FileManager.default.createDirectory(
      atPath: "\(folder)/subjects", withIntermediateDirectories: true)
    var records: [SubjectRecord] = []
    for (index, subject) in subjects.enumerated() {
      func report(_ cell: ScanStudy.Progress?) throws {
        try progress(Progress(subject: subject.name, index: index, count: subjects.count, cell: cell))
      }
      try report(nil)
      let keeps = keepsImages || index == 0
      let record = try found(subject, withImages: keeps) ?? make(subject, progress: report)
      if !keeps { try? FileManager.default.removeItem(atPath: path(of: subject)) }
      records.append(record)
    }
    return CohortResults(records, statistics: CohortStatistics(of: records, aims: aims))
  }

  /// Refuses a group that statistics cannot be made of.
  static func check(_ subjects: [CohortSubject]) throws(CohortError) {
    guard subjects.count >= 3 else { throw .tooFewSubjects(count: subjects.count, needed: 3) }
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
      let found = try? JSONDecoder().decode(SubjectRecord.self, from: data).recipe
    else { return }
    let own = recipe(of: subject)
    let difference: String? =
      found.input != own.input
      ? "another scan (\(found.input.name))"
      : found.software != own.software
        ? "version \(found.software)"
        : found.masks.seed != own.masks.seed
          ? "the seed \(found.masks.seed)"
          : found.masks != own.masks
            ? "other masks"
            : found.cells.first != own.cells.first
              ? "another reference (\(found.cells.first?.name ?? "none"))"
              : found.mapping != own.mapping ? "another susceptibility mapping" : nil
    if let difference { throw .otherChoices(path: folder, cell: subject.name, difference: difference) }
  }

  /// The record of a finished subject; `nil` if it is missing or follows from something else.
  private func found(_ subject: CohortSubject, withImages: Bool) -> SubjectRecord? {
    guard let data = FileManager.default.contents(atPath: path(of: subject) + ".json"),
      var record = try? JSONDecoder().decode(SubjectRecord.self, from: data),
      record.recipe == recipe(of: subject)
    else { return nil }
    let store = CellStore(folder: path(of: subject))
    if withImages, record.rows.contains(where: { store.record(of: $0.record.recipe) == nil }) { return nil }
    // An age may have been corrected since: it changes no image.
    record.age = subject.age
    return record
  }

  /// Studies one subject.
  private func make(
    _ subject: CohortSubject, progress: (ScanStudy.Progress?) throws -> Void
  ) throws -> SubjectRecord {
    let scan = try subject.load()
    try Self.check(scan, of: subject)
    var study = ScanStudy(
      of: StudyScan(scan.scan, input: subject.input), methods: methods, folder: path(of: subject))
    study.masks = masks
    study.conventions = conventions
    study.mapping = mapping
    study.software = software
    let results = try study.run(
      cells, reference: reference, mask: scan.mask, labels: scan.labels, progress: progress
    ).results
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
