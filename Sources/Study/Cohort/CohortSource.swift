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

  /// The files of every subject, `nil` for simulated ones; all are looked for before any is read.
  ///
  /// - Throws: ``CohortError``.
  public func files() throws -> [CohortFiles?] {
    try table.rows.map { row in
      simulation != nil && row.values["file"] == nil ? nil : try table.files(of: row)
    }
  }

  /// The subjects.
  ///
  /// - Parameters:
  ///   - options: What the user says of the raw files.
  ///   - ignoringAffine: Whether masks and labels are taken voxel by voxel wherever they lie.
  ///   - open: Opens a raw file.
  /// - Throws: ``CohortError``, ``StudyError``, ``FileError``, ``InputError``.
  public func subjects(
    options: ReadingOptions = .init(), ignoringAffine: Bool = false,
    opening open: @escaping @Sendable (String) throws -> MRDFile = { try MRDFile(at: $0) }
  ) throws -> [CohortSubject] {
    try zip(table.rows, try files()).map { row, files in
      guard let files else { return try simulated(row) }
      return try subject(row, files, options, ignoringAffine, open)
    }
  }

  /// A subject whose scan is a file.
  private func subject(
    _ row: CohortTable.Row, _ files: CohortFiles, _ options: ReadingOptions, _ ignoringAffine: Bool,
    _ open: @escaping @Sendable (String) throws -> MRDFile
  ) throws -> CohortSubject {
    // Masks and labels count as well: whoever corrects one wants other results.
    let volumes = try [files.labels, files.mask, files.truth].compactMap { path in
      try path.map { "\(URL(filePath: $0).lastPathComponent) \(try SHA256.digest(ofFile: $0).prefix(16))" }
    }
    let input = try StudyInput(
      at: files.raw, options: ([options.account] + volumes + [namesText]).joined(separator: "; "))
    let names = names
    return CohortSubject(
      name: row.name, age: row.age, input: input,
      regions: LabelVolume(
        try NDArray<Int32>(labels: NIfTIFile(at: files.labels).volumes(scaling: .applied)[0]), regions: names
      ).regions
    ) {
      let stack = try SliceStack(open(files.raw), options: options)
      let regions = RegionFiles(
        mask: files.mask, labels: files.labels, ignoringAffine: ignoringAffine)
      let grid = StudyScan.images(of: stack)
      let truth = try files.truth.map { path in
        let file = try NIfTIFile(at: path)
        return try file.volumes(scaling: .applied).placed(
          on: grid, "true susceptibility", of: file, like: "the scan", ignoringAffine: ignoringAffine)
      }
      return CohortScan(
        stack,
        labels: LabelVolume(try regions.volume(files.labels, "label volume", on: grid), regions: names),
        mask: try regions.readMask(on: grid)?.isInside, truth: truth?.volumes[0])
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
      // Every run has its own file: another one's would be another subject's scan.
      let scratch = FileManager.default.temporaryDirectory.appending(path: "kspace-\(UUID().uuidString).h5")
        .path
      defer { try? FileManager.default.removeItem(atPath: scratch) }
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
