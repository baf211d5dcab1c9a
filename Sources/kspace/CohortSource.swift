import Foundation
import KSpaceToolkit

/// Where the subjects of a cohort come from: raw files that a table or a folder names, or simulated scans.
struct CohortSource {
  /// The names of regions, beside the table.
  static let namesFile = "dseg.tsv"

  private let table: CohortTable
  private let simulation: CohortSimulation?
  private let names: [Int32: String]

  /// Opens a cohort.
  ///
  /// - Parameters:
  ///   - path: A table of subjects, or a folder with `participants.tsv`.
  ///   - labelNames: A table of the regions' names; that beside the table unless given.
  init(at path: String, labelNames: String?) throws {
    table = try CohortTable(at: path)
    simulation = try CohortSimulation(in: table.folder)
    let beside = "\(table.folder)/\(Self.namesFile)"
    let names = labelNames ?? (FileManager.default.fileExists(atPath: beside) ? beside : nil)
    self.names = try names.map { try RegionNames.read($0) } ?? [:]
  }

  /// The number of subjects.
  var count: Int { table.rows.count }

  /// The files of every subject, `nil` for simulated ones; all are looked for before any is read.
  func files() throws -> [CohortFiles?] {
    try table.rows.map { row in
      simulation != nil && row.values["file"] == nil ? nil : try table.files(of: row)
    }
  }

  /// The subjects.
  ///
  /// - Parameters:
  ///   - reading: What the user says of the raw files.
  ///   - scratch: Where a simulated scan may be written until it has been read.
  /// - Throws: ``CohortError``, ``StudyError``, `ImageFileError`.
  func subjects(_ reading: ReadingArguments, scratch: String) throws -> [CohortSubject] {
    try zip(table.rows, try files()).map { row, files in
      if let files { return try subject(row, files, reading) }
      return try simulated(row, scratch: scratch)
    }
  }

  /// A subject whose scan is a file.
  private func subject(
    _ row: CohortTable.Row, _ files: CohortFiles, _ reading: ReadingArguments
  ) throws -> CohortSubject {
    // Masks and labels count as well: whoever corrects one wants other results.
    let volumes = try [files.labels, files.mask, files.truth].compactMap { path in
      try path.map { "\(URL(filePath: $0).lastPathComponent) \(try SHA256.digest(ofFile: $0).prefix(16))" }
    }
    let options = reading.options
    let input = try StudyInput(
      at: files.raw, options: (["\(options)"] + volumes + [namesText]).joined(separator: "; "))
    let (group, acceptsTruncation) = (reading.group, reading.acceptTruncated)
    let names = names
    return CohortSubject(
      name: row.name, age: row.age, input: input, regions: try Self.labels(files.labels, names).regions
    ) {
      let file = try MRDFile(at: files.raw, group: group, acceptsTruncation: acceptsTruncation)
      return CohortScan(
        try SliceStack(file, options: options), labels: try Self.labels(files.labels, names),
        mask: try files.mask.map { try Self.volume($0).map { $0.isFinite && $0 != 0 } },
        truth: try files.truth.map(Self.volume))
    }
  }

  /// A subject that is simulated when its turn comes: written as a raw file, read like any other, and removed.
  private func simulated(_ row: CohortTable.Row, scratch: String) throws -> CohortSubject {
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
      defer { try? FileManager.default.removeItem(atPath: scratch) }
      try PhantomFiles(scratch).writeScan(
        of: phantom, signalToNoise: simulation.signalToNoise, progress: Progress(ProgressStyle.none))
      return CohortScan(
        try SliceStack(MRDFile(at: scratch)),
        labels: LabelVolume(phantom.labels[0].map { Int32($0) }, regions: names),
        mask: phantom.brainMask[0].map { $0 != 0 }, truth: phantom.susceptibility[0])
    }
  }

  private var namesText: String {
    names.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
  }

  private static func labels(_ path: String, _ names: [Int32: String]) throws -> LabelVolume {
    LabelVolume(try NDArray<Int32>(labels: volume(path)), regions: names)
  }

  private static func volume(_ path: String) throws -> NDArray<Float> {
    try NIfTIFile(at: path).volumes(scaling: .applied)[0]
  }
}
