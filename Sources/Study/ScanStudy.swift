import Evaluation
import Files
import ImageFiles
import MRIData
import NDArrays
import QSM
import QuantitativeMapping
import RawData
import Sampling

/// What acceleration costs: scans of one subject, reconstructed in several ways, against one of them.
///
/// A retrospective cell takes the reference scan and keeps the samples of a Poisson-disk mask; a prospective cell takes
/// another scan as it was measured. A reconstruction makes channel images, MDI (or, where echoes allow no field map, the
/// adaptive combination) combines them, and susceptibility follows from the field. Finished cells are kept on disk; a
/// study that was interrupted, or that is asked for more cells, makes only what is missing, and its results are the
/// same to the last bit.
///
///     let study = ScanStudy(of: StudyScan(stack, input: input), methods: ["grappa": GRAPPA()], folder: "study")
///     let results = try study.run(cells, reference: StudyCell(method: "zero-filled")).results
public struct ScanStudy: Sendable {
  /// The scan that others are compared with, and that is undersampled.
  public let scan: StudyScan
  /// Scans of the same subject that were accelerated when they were measured.
  public let accelerated: [StudyScan]
  /// The reconstructions by name.
  public let methods: [String: any Reconstruction]
  /// How masks are made.
  public var masks = MaskChoice()
  /// What the scores depend on.
  public var conventions = ScoreConventions()
  /// How susceptibility is made from the field; `nil` for none.
  public var mapping: SusceptibilityMapping?
  /// The true susceptibility [ppm] of a simulated head, axes `[z, y, x]`; `nil` where nobody knows it.
  public var truth: NDArray<Float>?
  /// How accelerated scans are brought onto the reference; `nil` to take them as they lie.
  public var alignment: ScanAlignment?
  /// Where regions come from, unless labels are given; `nil` for none.
  public var atlas: StudyAtlas?
  /// Is told how far a cell is, from 0 to 1, on several threads; what it throws ends the study.
  public var observer: (@Sendable (StudyCell, Double) throws -> Void)?
  /// Whether cells that are there and follow from something else are made anew; else they are refused.
  public var replacesOthers = true
  /// The program's version, which is part of what results follow from.
  public var software = ""

  let store: CellStore
  /// Where it stands in a group, whose subjects share one account of the work.
  var place: Place

  /// A subject among others.
  struct Place: Sendable {
    var subject: String?
    var index = 0
    var count = 1
    var work: WorkFolder
  }

  /// Prepares a study.
  ///
  /// - Parameters:
  ///   - scan: The reference.
  ///   - accelerated: Scans of the same subject that were accelerated when they were measured.
  ///   - methods: The reconstructions by name.
  ///   - folder: The study's folder, which is made or continued.
  public init(
    of scan: StudyScan, accelerated: [StudyScan] = [], methods: [String: any Reconstruction], folder: String
  ) {
    self.scan = scan
    self.accelerated = accelerated
    self.methods = methods
    store = CellStore(folder: folder)
    place = Place(work: WorkFolder(of: folder))
  }

  /// How far a study is.
  public struct Progress: Sendable {
    /// The cell in work.
    public let cell: StudyCell
    /// Its place among all cells, from 0.
    public let index: Int
    /// The number of cells.
    public let count: Int
    /// Whether it was found finished on disk.
    public let isFound: Bool
  }

  /// What a study yields.
  public struct Outcome: Sendable {
    /// The scores of all cells.
    public internal(set) var results: StudyResults
    /// The voxels that were compared, axes `[z, y, x]`.
    public let mask: NDArray<Bool>
    /// The regions on the grid of the images.
    public let regions: RegionMap?
    /// The cells that are not there.
    public internal(set) var missing: [MissingUnit] = []
  }

  /// Makes the cells that are missing, and compares all with the reference.
  ///
  /// - Parameters:
  ///   - cells: What to compare; the reference is added if it is not among them.
  ///   - reference: The cell that stands for the truth.
  ///   - mask: The voxels that count, axes `[z, y, x]`; without it, the reference's object.
  ///   - labels: Regions of interest, and their names.
  ///   - share: What to make: everything, or nothing, to put together what others have made.
  ///   - progress: Is told of each cell before it is made, and again while another process makes it.
  /// - Throws: ``StudyError`` where scans, masks or labels do not belong together, and
  ///   ``StudyError/nothingToReport(folder:missing:)`` where not even the reference is there; what masks,
  ///   reconstructions, combinations and files throw.
  public func run(
    _ cells: [StudyCell], reference: StudyCell, mask: NDArray<Bool>? = nil, labels: LabelVolume? = nil,
    share: StudyShare = .everything, progress: (Progress) throws -> Void = { _ in }
  ) throws -> Outcome {
    try check(mask: mask, labels: labels)
    let made = try work(cells, reference: reference, mask: mask, share: share, progress: progress)
    place.work.tidy([store.folder, store.folder + "/cells"])
    guard let target = made.target else {
      throw StudyError.nothingToReport(folder: store.folder, missing: made.missing.map(\.description))
    }
    var outcome = try outcome(made.records.compactMap(\.self), against: target, labels: labels)
    outcome.missing = made.missing
    outcome.results.remarks += made.missing.map { "Missing: \($0)" }
    return outcome
  }

  /// Makes the cells of one part of several, and whatever they follow from; nothing is compared.
  ///
  /// - Returns: The cells of this part that are not there now, and why.
  /// - Throws: As ``run(_:reference:mask:labels:share:progress:)``, but what concerns one cell alone is returned.
  public func make(
    _ shard: StudyShard, of cells: [StudyCell], reference: StudyCell, mask: NDArray<Bool>? = nil,
    progress: (Progress) throws -> Void = { _ in }
  ) throws -> [MissingUnit] {
    try check(mask: mask, labels: nil)
    return try work(cells, reference: reference, mask: mask, share: .shard(shard), progress: progress).missing
  }

  /// What other cells are made alike and compared with.
  struct Target {
    /// The reference.
    let record: CellRecord
    /// Its images.
    let images: CellImages
    /// The voxels that count.
    let object: NDArray<Bool>
    /// Where susceptibility is mapped; `nil` without.
    let brain: BrainMask?
  }

  /// The images of a finished cell.
  ///
  /// - Throws: ``FileError`` if its files are gone.
  public func images(of record: CellRecord) throws -> CellImages { try store.images(of: record) }

  /// Writes what a run yielded into the study's folder: tables, the voxels that were compared, and the report.
  ///
  /// - Returns: The path of the report.
  /// - Throws: ``FileError``.
  public func write(_ outcome: Outcome) throws -> String {
    let report = "\(store.folder)/report.html"
    try outcome.results.write(to: store.folder)
    let compared = ImageVolumes(outcome.mask.map { UInt8($0 ? 1 : 0) }, geometry: scan.geometry)
    try NIfTIFile.write(compared, to: "\(store.folder)/mask.nii.gz")
    try AtomicFile.write(StudyReport(outcome, images: images).html(), to: report)
    return report
  }

  /// Refuses what cannot be compared, before anything is computed.
  private func check(mask: NDArray<Bool>?, labels: LabelVolume?) throws(StudyError) {
    let names = accelerated.map(\.name)
    for name in names where names.count(where: { $0 == name }) > 1 {
      throw .unknownScan(name, known: names)
    }
    for other in accelerated {
      try other.check(against: scan, isAligned: alignment != nil, isMapped: commonMapping != nil)
    }
    let shape = scan.geometry.matrix.shape
    if let mask {
      guard mask.shape == shape else {
        throw .gridsDiffer(volume: "mask", shape: mask.shape, images: shape)
      }
      guard mask.elements.contains(true) else { throw .emptyMask }
    }
    if let truth, truth.shape != shape {
      throw .gridsDiffer(volume: "true susceptibility", shape: truth.shape, images: shape)
    }
    if let labels, labels.anatomy == nil, labels.labels.shape != shape {
      throw .gridsDiffer(volume: "label volume", shape: labels.labels.shape, images: shape)
    }
  }
}

/// Reads the scans of a study one at a time.
struct ScanReader {
  private var last: (input: StudyInput, stack: SliceStack)?

  mutating func stack(_ scan: StudyScan) throws -> SliceStack {
    if let last, last.input == scan.input { return last.stack }
    // Two scans at once may be more than the memory holds.
    last = nil
    let stack = try scan.read()
    last = (scan.input, stack)
    return stack
  }
}
