import Evaluation
import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import Phantoms
import QuantitativeMapping
import RawData

/// Where the subjects of a cohort come from: raw files that a table or a folder names, or simulated scans.
public struct CohortSource {
  /// The names of regions, beside the table.
  public static let namesFile = "dseg.tsv"

  private let table: CohortTable
  private let simulation: CohortSimulation?
  private let names: [Int32: String]

  /// Opens a cohort.
  ///
  /// - Parameters:
  ///   - path: A table of subjects, or a folder with `participants.tsv`.
  ///   - labelNames: A table of the regions' names; that beside the table unless given.
  /// - Throws: ``CohortError``, ``InputError``.
  public init(at path: String, labelNames: String? = nil) throws {
    table = try CohortTable(at: path)
    simulation = try CohortSimulation(in: table.folder)
    let beside = "\(table.folder)/\(Self.namesFile)"
    let names = labelNames ?? (FileManager.default.fileExists(atPath: beside) ? beside : nil)
    self.names = try names.map { try RegionNames(at: $0).names } ?? [:]
  }

  /// The number of subjects.
  public var count: Int { table.rows.count }

  /// The table.
  public var path: String { table.path }

  /// The subjects' names, in their order.
  public var subjectNames: [String?] { table.rows.map(\.name) }

  /// The number of subjects whose scans are simulated.
  public var simulatedCount: Int {
    simulation == nil ? 0 : table.rows.count { $0.values["file"] == nil }
  }

  /// How large simulated scans are, and what their simulation takes; `nil` where none is simulated.
  public var simulated: (size: ScanSize, needs: MethodNeeds)? { simulatedCount > 0 ? simulation?.size : nil }

  /// The files of every subject, `nil` for simulated ones; all are looked for before any is read.
  ///
  /// - Throws: ``CohortError``.
  public func files() throws -> [CohortFiles?] {
    try table.rows.map(files)
  }

  private func files(of row: CohortTable.Row) throws -> CohortFiles? {
    simulation != nil && row.values["file"] == nil ? nil : try table.files(of: row)
  }

  /// The subjects.
  ///
  /// - Parameters:
  ///   - options: What the user says of the raw files.
  ///   - ignoringAffine: Whether masks and labels are taken voxel by voxel wherever they lie.
  ///   - checksum: Tells the SHA-256 of a raw file.
  ///   - open: Opens a raw file.
  /// - Throws: ``CohortError``, ``StudyError``, ``FileError``, ``InputError``.
  public func subjects(
    options: ReadingOptions = .init(), ignoringAffine: Bool = false,
    checksum: (String) throws -> String = { try SHA256.digest(ofFile: $0) },
    opening open: @escaping @Sendable (String) throws -> MRDFile = { try MRDFile(at: $0) }
  ) throws -> [CohortSubject] {
    try subjects(
      of: StudyShard(0, of: 1), cells: 1, options: options, ignoringAffine: ignoringAffine,
      checksum: checksum,
      opening: open
    ).map(\.subject)
  }

  /// The subjects of which one part of a study makes something, and their places; the files of others are not touched.
  ///
  /// - Parameters:
  ///   - shard: The part.
  ///   - cells: The number of cells of each subject, the reference included.
  ///   - options: What the user says of the raw files.
  ///   - ignoringAffine: Whether masks and labels are taken voxel by voxel wherever they lie.
  ///   - checksum: Tells the SHA-256 of a raw file.
  ///   - open: Opens a raw file.
  /// - Throws: ``CohortError``, ``StudyError``, ``FileError``, ``InputError``.
  public func subjects(
    of shard: StudyShard, cells: Int, options: ReadingOptions = .init(), ignoringAffine: Bool = false,
    checksum: (String) throws -> String = { try SHA256.digest(ofFile: $0) },
    opening open: @escaping @Sendable (String) throws -> MRDFile = { try MRDFile(at: $0) }
  ) throws -> [(index: Int, subject: CohortSubject)] {
    try table.rows.enumerated().filter { index, _ in
      (0..<cells).contains { shard.contains(member: $0, of: cells, inGroup: index, of: count) }
    }.map { index, row in
      guard let files = try files(of: row) else { return (index, try simulated(row)) }
      return (index, try subject(row, files, options, ignoringAffine, checksum, open))
    }
  }

  /// A subject whose scan is a file.
  private func subject(
    _ row: CohortTable.Row, _ files: CohortFiles, _ options: ReadingOptions, _ ignoringAffine: Bool,
    _ checksum: (String) throws -> String, _ open: @escaping @Sendable (String) throws -> MRDFile
  ) throws -> CohortSubject {
    // Masks and labels count as well: whoever corrects one wants other results.
    let volumes = try [files.labels, files.mask, files.truth].compactMap { path in
      try path.map { "\(URL(filePath: $0).lastPathComponent) \(try SHA256.digest(ofFile: $0).prefix(16))" }
    }
    let placing = ignoringAffine ? ["volumes taken wherever they lie"] : []
    // A file that cannot be opened is refused when its turn comes.
    let group = (try? open(files.raw))?.group
    let input = try StudyInput(
      at: files.raw, checksum: try checksum(files.raw),
      options: StudyInput.account(options, group: group, placing + volumes + [namesText]))
    let names = names
    return CohortSubject(
      name: row.name, age: row.age, input: input,
      regions: LabelVolume(
        try NDArray<Int32>(labels: NIfTIFile(at: files.labels).volumes(scaling: .applied)[0]), regions: names
      ).regions
    ) {
      let file = try open(files.raw), stack = try SliceStack(file, options: options)
      let regions = RegionFiles(
        mask: files.mask, labels: files.labels, ignoringAffine: ignoringAffine)
      let grid = StudyScan.images(of: stack)
      let truth = try files.truth.map { path in
        let file = try NIfTIFile(at: path)
        return try file.volumes(
          on: grid, "true susceptibility", like: "the scan", ignoringAffine: ignoringAffine)
      }
      return CohortScan(
        stack,
        labels: LabelVolume(try regions.volume(files.labels, "label volume", on: grid), regions: names),
        mask: try regions.readMask(on: grid)?.isInside, truth: truth?.volumes[0],
        excitations: ScanExcitations(in: file, options: options))
    }
  }

  /// A subject that is simulated when its turn comes: written as a raw file, read like any other, and removed.
  private func simulated(_ row: CohortTable.Row) throws -> CohortSubject {
    guard let simulation, let seed = row.values["seed"].flatMap(UInt64.init) else {
      throw CohortError.badValue(
        subject: row.name, column: "seed", value: row.values["seed"] ?? "n/a", path: table.path)
    }
    let names = names
    return CohortSubject(
      name: row.name, age: row.age, input: try simulation.input(row.name, seed: seed, age: row.age),
      regions: Set(names.values)
    ) {
      let phantom = simulation.phantom(seed: seed, age: row.age)
      // Every run has its own folder: another one's file would be another subject's scan.
      let folder = try ScratchFolder(), scratch = folder.path + "/scan.h5"
      defer { folder.remove() }
      try PhantomFiles(scratch).writeScan(of: phantom, signalToNoise: simulation.signalToNoise)
      return CohortScan(
        try SliceStack(MRDFile(at: scratch)),
        labels: LabelVolume(phantom.labels[0].map { Int32($0) }, regions: names),
        mask: phantom.brainMask[0].map { $0 != 0 }, truth: phantom.susceptibility[0])
    }
  }

  private var namesText: String {
    names.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }
}
