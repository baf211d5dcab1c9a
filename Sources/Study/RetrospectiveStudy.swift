import CoilCombination
import Evaluation
import Foundation
import MRIData
import NDArrays
import QSM
import RawData
import Sampling

/// What acceleration costs: one scan, undersampled and reconstructed in several ways, against one of them.
///
/// Every cell of the study is made from the same samples: a Poisson-disk mask leaves some of them, a reconstruction
/// makes channel images, MDI (or, for a single echo, the adaptive combination) combines them, and susceptibility
/// follows from the field. Finished cells are kept on disk; a study that was interrupted, or that is asked for more
/// cells, makes only what is missing, and its results are the same to the last bit.
///
///     let study = RetrospectiveStudy(of: stack, input: input, methods: ["grappa": GRAPPA()], folder: "study")
///     let (results, mask) = try study.run(cells, reference: StudyCell(method: "zero-filled"))
public struct RetrospectiveStudy: Sendable {
  /// The slices of the scan, or its one volume.
  public let scan: SliceStack
  /// Which file it was read from.
  public let input: StudyInput
  /// The reconstructions by name.
  public let methods: [String: any Reconstruction]
  /// How masks are made.
  public var masks = MaskChoice()
  /// What the scores depend on.
  public var conventions = ScoreConventions()
  /// How susceptibility is made from the field; `nil` for none.
  public var mapping: SusceptibilityMapping?
  /// The program's version, which is part of what results follow from.
  public var software = ""

  let store: CellStore

  /// Prepares a study.
  ///
  /// - Parameters:
  ///   - scan: What was measured.
  ///   - input: Which file it was read from.
  ///   - methods: The reconstructions by name.
  ///   - folder: The study's folder, which is made or continued.
  public init(
    of scan: SliceStack, input: StudyInput, methods: [String: any Reconstruction], folder: String
  ) {
    self.scan = scan
    self.input = input
    self.methods = methods
    store = CellStore(folder: folder)
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

  /// Makes the cells that are missing, and compares all with the reference.
  ///
  /// - Parameters:
  ///   - cells: What to compare; the reference is added if it is not among them.
  ///   - reference: The cell that stands for the truth.
  ///   - mask: The voxels that count, axes `[z, y, x]`; without it, the reference's object.
  ///   - labels: Regions of interest, and their names.
  ///   - progress: Is told of each cell before it is made.
  /// - Returns: The scores, and the voxels that were compared.
  /// - Throws: What masks, reconstructions, combinations and files throw.
  public func run(
    _ cells: [StudyCell], reference: StudyCell, mask: NDArray<Bool>? = nil, labels: LabelVolume? = nil,
    progress: (Progress) throws -> Void = { _ in }
  ) throws -> (results: StudyResults, mask: NDArray<Bool>) {
    store.removeFragments()
    let cells = [reference] + cells.filter { $0 != reference }
    var records: [CellRecord] = []
    var object = mask
    var noise: ImageVolumes<Float>?
    for (index, cell) in cells.enumerated() {
      let plan = try plan(of: cell, reference: reference)
      let found = store.record(of: plan.recipe)
      try progress(Progress(cell: cell, index: index, count: cells.count, isFound: found != nil))
      let record = try found ?? make(plan, within: object, noise: noise)
      records.append(record)
      if index == 0 {
        let images = try store.images(of: record)
        object = object ?? images.object
        noise = images.fieldNoise
      }
    }
    guard let object else { preconditionFailure("a study has at least its reference") }
    return (try results(records, within: object, labels: labels), object)
  }

  /// The images of a finished cell.
  ///
  /// - Throws: ``ImageFileError`` if its files are gone.
  public func images(of record: CellRecord) throws -> CellImages { try store.images(of: record) }
}
