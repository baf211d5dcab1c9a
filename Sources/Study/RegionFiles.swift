import Evaluation
import Files
import ImageFiles
import MRIData
import NDArrays
import QuantitativeMapping

/// The files that say where images are compared, and in which regions.
public struct RegionFiles: Sendable {
  /// A NIfTI volume above zero where images are compared; the reference's object without.
  public var mask: String?
  /// A NIfTI volume of regions, 0 for none.
  public var labels: String?
  /// A table of the regions' names.
  public var names: String?
  /// A NIfTI volume of the true susceptibility [ppm], which simulated heads have.
  public var truth: String?
  /// The NIfTI volume that the regions were drawn on, where that is not the scan.
  public var anatomy: String?
  /// Whether volumes are taken voxel by voxel wherever their headers say that they lie.
  public var ignoringAffine: Bool

  /// Names files.
  public init(
    mask: String? = nil, labels: String? = nil, names: String? = nil, anatomy: String? = nil,
    truth: String? = nil, ignoringAffine: Bool = false
  ) {
    self.mask = mask
    self.labels = labels
    self.names = names
    self.anatomy = anatomy
    self.truth = truth
    self.ignoringAffine = ignoringAffine
  }

  /// The mask on the grid of a scan's images.
  ///
  /// - Throws: ``InputError`` if it lies elsewhere, or is empty; ``FileError``.
  public func readMask(on grid: Geometry) throws -> BrainMask? {
    try mask.map { try BrainMask(at: $0, on: grid, ignoringAffine: ignoringAffine) }
  }

  /// The true susceptibility on the grid of a scan's images.
  ///
  /// - Throws: ``InputError`` if it lies elsewhere or is no single volume; ``FileError``.
  public func readTruth(on grid: Geometry) throws -> NDArray<Float>? {
    guard let truth else { return nil }
    let file = try NIfTIFile(at: truth)
    guard file.volumeCount == 1 else {
      throw InputError(truth, "it has \(file.volumeCount) volumes", remedy: "One volume is needed")
    }
    return try file.volumes(
      on: grid, "true susceptibility", like: "the scan", ignoringAffine: ignoringAffine
    ).volumes[0]
  }

  /// The regions on the grid of a scan's images, or of what they were drawn on.
  ///
  /// - Throws: ``InputError`` if they lie elsewhere or are no whole numbers; ``FileError``.
  public func readLabels(on grid: Geometry) throws -> LabelVolume? {
    guard let labels else { return nil }
    let names = try names.map { try RegionNames(at: $0).names } ?? [:]
    guard let anatomy else {
      return LabelVolume(try volume(labels, "label volume", on: grid), names: names)
    }
    let file = try NIfTIFile(at: anatomy)
    guard file.volumeCount == 1 else {
      throw InputError(anatomy, "it has \(file.volumeCount) volumes", remedy: "One volume is needed")
    }
    let drawnOn = try file.volumes(scaling: .applied)
    return try LabelVolume(
      volume(labels, "label volume", on: drawnOn.geometry), names: names, drawnOn: drawnOn)
  }

  /// A volume of whole numbers on a grid.
  func volume(_ path: String, _ name: String, on grid: Geometry) throws -> NDArray<Int32> {
    let file = try NIfTIFile(at: path)
    guard file.volumeCount == 1 else {
      throw InputError(path, "it has \(file.volumeCount) volumes", remedy: "One volume is needed")
    }
    let placed = try file.volumes(
      on: grid, name, like: "the scan", ignoringAffine: ignoringAffine)
    do throws(EvaluationError) {
      return try NDArray<Int32>(labels: placed.volumes[0])
    } catch {
      throw InputError(path, error.problem, remedy: error.remedy)
    }
  }
}
