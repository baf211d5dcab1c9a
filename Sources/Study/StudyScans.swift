import Files
import MRIData
import ParallelImaging
import QuantitativeMapping
import Sampling

/// The raw files of one subject's study, opened but not read, and the cells that are made of them.
public struct StudyScans: Sendable {
  /// The scan that others are compared with, and that is undersampled.
  public let reference: StudyFile
  /// Scans of the same subject that were accelerated when they were measured.
  public let accelerated: [StudyFile]
  /// The cells, the reference first.
  public let cells: [StudyCell]

  /// Lists the cells.
  ///
  /// - Parameters:
  ///   - scan: The scan that others are compared with.
  ///   - accelerated: Scans of the same subject that were accelerated when they were measured.
  ///   - methods: What all scans are reconstructed by.
  ///   - accelerations: What the scan is undersampled by; if absent, and where no other scans are either, all methods
  ///     reconstruct the scan as it is.
  ///   - cell: What the others are compared with; the scan as it is, by what suits it, unless given.
  /// - Throws: ``InputError`` if nothing suits the scan.
  public init(
    _ scan: StudyFile, accelerated: [StudyFile] = [], methods: [ReconstructionMethod],
    accelerations: [Double]?, reference cell: StudyCell? = nil
  ) throws(InputError) {
    reference = scan
    self.accelerated = accelerated
    let first: StudyCell
    if let cell {
      first = cell
    } else {
      let method = try scan.layout.suitableMethod.reconstruction(of: scan.path)
      first = StudyCell(method: method.rawValue)
    }
    let asMeasured = accelerations == nil && accelerated.isEmpty
    let others =
      (asMeasured
        ? methods.map { StudyCell(method: $0.rawValue) } : StudyCell.all(methods, accelerations ?? []))
      + accelerated.flatMap { scan in methods.map { StudyCell(method: $0.rawValue, scan: scan.name) } }
    cells = ([first] + others).unique
  }

  /// Makes the masks of all cells, and compares them with what was measured, before hours are spent on the cells that can be.
  ///
  /// - Parameter choice: How masks are made.
  /// - Throws: ``SamplingError`` if the grid cannot have such a mask, or the scan lacks what it asks for.
  public func check(_ choice: MaskChoice) throws(SamplingError) {
    let layout = reference.layout
    let grid = GridExtent(lines: layout.grid.matrix.y, partitions: layout.grid.matrix.z)
    for acceleration in Set(cells.compactMap(\.acceleration)).sorted() {
      let masks = try choice.masks(
        acceleration: acceleration, echoes: layout.parameters.echoTimes.count, on: grid)
      for slice in layout.sliceCounters { try masks.validate(against: layout.masks(slice: slice)) }
    }
  }

  /// The study, once checksums are known.
  ///
  /// - Parameters:
  ///   - methods: The reconstructions of all cells by name.
  ///   - folder: The study's folder.
  ///   - progress: Is told what is being read, and how far it is.
  /// - Throws: As ``StudyFile/scan(work:progress:)``.
  public func study(
    by methods: [String: any Reconstruction], in folder: String,
    progress: @escaping @Sendable (String, Double) -> Void = { _, _ in }
  ) throws -> ScanStudy {
    let work = WorkFolder(of: folder)
    return ScanStudy(
      of: try reference.scan(work: work, progress: progress),
      accelerated: try accelerated.map { try $0.scan(work: work, progress: progress) }, methods: methods,
      folder: folder)
  }
}

extension StudyCell {
  /// Every method at every acceleration, each once.
  public static func all(_ methods: [ReconstructionMethod], _ accelerations: [Double]) -> [StudyCell] {
    methods.flatMap { method in
      accelerations.map { StudyCell(method: method.rawValue, acceleration: $0) }
    }.unique
  }
}
