import Files
import Foundation

/// How far the work on a study is, by its folder alone.
public struct StudyStatus: Sendable, Codable {
  /// A unit that is being made.
  public struct Running: Sendable, Codable {
    /// The unit's name.
    public var unit: String
    /// The host.
    public var host: String
    /// The process on the host.
    public var process: Int32
    /// When it was begun [s since 1970].
    public var since: Double
  }

  /// A unit that could not be made.
  public struct Failed: Sendable, Codable {
    /// The unit's name.
    public var unit: String
    /// Why.
    public var reason: String
  }

  /// The number of all units.
  public let units: Int
  /// The number of those that are done.
  public let done: Int
  /// Those that are being made.
  public let running: [Running]
  /// Those that could not be made.
  public let failed: [Failed]
  /// When all may be done, if as many processes go on as do now [s since 1970]; `nil` where none does, or none has finished a unit.
  public let expectedEnd: Double?

  /// Looks into a folder.
  ///
  /// - Throws: ``StudyError/notAStudy(path:)``, or ``FileError`` if no work has begun there.
  public init(of folder: String) throws {
    try StudyFolder.check(folder)
    let work = WorkFolder(of: folder), extent: WorkFolder.Extent = try work.extent()
    var done: Set<String> = [], subjects: Set<String> = []
    for subject in extent.subjects {
      let place = subject.map { "\(folder)/subjects/\($0)" } ?? folder
      var found = extent.cells.filter { CellStore(folder: place).holds($0) }
      // A record of an earlier run may lack cells that were asked for since; it is then made anew, of the cells that stayed.
      if let subject, let record: SubjectRecord = try? JSONFile.read("\(place).json"),
        Set(record.rows.map(\.cell.name)).isSuperset(of: extent.cells)
      {
        found = extent.cells
        subjects.insert(subject)
      }
      done.formUnion(found.map { (subject.map { "\($0)/" } ?? "") + $0 })
    }
    let reasons = work.reasons
    units = extent.subjects.count * extent.cells.count
    self.done = done.count
    running = reasons.compactMap { name, reason in
      guard case .running(let owner) = reason, name.contains("/") || extent.cells.contains(name) else {
        return nil
      }
      return Running(unit: name, host: owner.host, process: owner.process, since: owner.since)
    }.sorted { $0.unit < $1.unit }
    failed = reasons.compactMap { name, reason in
      guard case .failed(let message) = reason, !done.contains(name), !subjects.contains(name) else {
        return nil
      }
      return Failed(unit: name, reason: message)
    }.sorted { $0.unit < $1.unit }
    let took = work.entries.filter { $0.failure == nil }.map(\.seconds)
    let left = Double(units - done.count - failed.count)
    expectedEnd =
      took.isEmpty || running.isEmpty
      ? nil
      : (Date().timeIntervalSince1970 + left * took.reduce(0, +) / Double(took.count) / Double(running.count))
        .rounded()
  }

  /// The status for people.
  public var text: String {
    func time(_ seconds: Double) -> String { Date(timeIntervalSince1970: seconds).formatted(.iso8601) }
    let left = units - done - running.count - failed.count
    var lines = [
      "\(counted(units, "unit")): \(done) done, \(running.count) running, \(failed.count) failed, \(max(0, left)) waiting"
    ]
    lines += running.map {
      "running  \($0.unit)  on \($0.host), process \($0.process), since \(time($0.since))"
    }
    lines += failed.map { "failed   \($0.unit)  \($0.reason)" }
    if let expectedEnd { lines.append("Expected end: \(time(expectedEnd)), if as many go on as now.") }
    return lines.joined(separator: "\n")
  }
}

extension WorkFolder {
  /// Which units there are, and what all of them must share.
  struct Extent: Codable, Equatable {
    /// The subjects; one without a name in the study of a single one.
    var subjects: [String?]
    /// The names of the cells of each, the reference first.
    var cells: [String]
    /// How masks are made; `nil` where none are.
    var masks: MaskChoice?

    /// What is so much another study that no part of it may lie beside; `nil` if nothing is.
    func difference(from other: Extent) -> String? {
      if cells.first != other.cells.first { return "another reference (\(cells.first ?? "none"))" }
      guard let masks, let wanted = other.masks, masks != wanted else { return nil }
      return masks.seed != wanted.seed ? "the seed \(masks.seed)" : "other masks"
    }
  }

  /// Writes down which units there are, unless that is known already; parts of another study are not begun beside them.
  ///
  /// - Throws: ``StudyError/otherChoices(path:cell:difference:)``, ``FileError``.
  public func note(
    subjects: [String?], cells: [StudyCell], masks: MaskChoice, replacing: Bool = false
  ) throws {
    let isUndersampled = cells.contains { $0.acceleration != nil }
    let extent = Extent(
      subjects: subjects, cells: cells.map(\.name), masks: isUndersampled ? masks : nil)
    let file = "\(path)/units.json", study = String(path.dropLast(Self.name.count + 1))
    if let known: Extent = try? JSONFile.read(file) {
      if known == extent { return }
      let files = FileManager.default
      let holdsSome = ["cells", "subjects"].contains {
        (try? files.contentsOfDirectory(atPath: "\(study)/\($0)"))?.isEmpty == false
      }
      if !replacing, holdsSome || !claims.owners.isEmpty, let difference = known.difference(from: extent) {
        throw StudyError.otherChoices(path: study, cell: "the study", difference: difference)
      }
    }
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try JSONFile.write(extent, to: file)
  }

  fileprivate func extent() throws(FileError) -> Extent { try JSONFile.read("\(path)/units.json") }
}
