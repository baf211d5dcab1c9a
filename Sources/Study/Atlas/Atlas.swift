import Evaluation
import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import QSM

/// A head with labelled regions, as users have it in a folder, that is brought onto scans.
///
/// ```
/// *_T1w.nii.gz      what it looks like; or T2starw, T2w, PDw
/// *_Chimap.nii.gz   its susceptibility, if known, which shows nuclei best
/// *_dseg.nii.gz     a number for every voxel, 0 for none, on the same grid
/// *_dseg.tsv        the names of the numbers: the columns index and name
/// *_mask.nii.gz     its brain, if the images show more than that
/// ```
///
/// Names are those of BIDS and TemplateFlow; what stands before the last underscore does not matter.
///
///     let atlas = try Atlas(folder: "CIT168")
public struct Atlas: Sendable {
  /// Where it was read from.
  public let folder: String
  /// The files that were read.
  public let files: [String]
  /// What the anatomical image shows, such as `T1w`; `nil` where there is none.
  public let contrast: String?
  /// What the head looks like; `nil` where susceptibility alone is known.
  public let anatomy: ImageVolumes<Float>?
  /// The susceptibility [ppm]; `nil` where it is not known.
  public let susceptibility: ImageVolumes<Float>?
  /// The regions that have names, axes `[z, y, x]`.
  public let labels: LabelVolume
  /// The brain, axes `[z, y, x]`; `nil` where nobody says and the images show a whole head.
  public let brain: NDArray<Bool>?

  /// Where its voxels lie.
  let grid: Geometry

  /// The contrasts of anatomical images, as BIDS calls them.
  private static let contrasts = ["T1w", "T2starw", "T2w", "PDw"]
  /// The largest brain [m^3]; what shows more has a skull.
  private static let largestBrain = 2.2e-3

  /// Reads an atlas.
  ///
  /// - Throws: ``InputError`` that names the file: for one that is missing or there twice, for grids that differ, for
  ///   labels that are no whole numbers, that are empty, or of which none has a name; ``FileError``.
  public init(folder: String) throws {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      throw InputError(folder, "the atlas cannot be read", remedy: "Name a folder of its files")
    }
    let listing = Listing(folder: folder, names: names.sorted())
    let images = ["nii.gz", "nii"]
    let anatomies = try Self.contrasts.compactMap { contrast in
      try listing.file(contrast, images).map { (contrast, $0) }
    }
    if anatomies.count > 1 {
      throw InputError(
        folder, "the atlas has several anatomical images (\(anatomies.map(\.0).joined(separator: ", ")))",
        remedy: "Leave the one in the folder that looks most like the scan's magnitude")
    }
    let map = try listing.file("Chimap", images)
    guard let template = anatomies.first?.1 ?? map else {
      throw InputError(
        folder, "the atlas has no image that could be aligned with a scan",
        remedy: "Add one on the grid of the labels, such as *_T1w.nii.gz or *_Chimap.nii.gz")
    }
    guard let segmentation = try listing.file("dseg", images) else {
      throw InputError(
        folder, "the atlas has no labels", remedy: "Add a volume of whole numbers as *_dseg.nii.gz")
    }
    guard let table = try listing.file("dseg", ["tsv"]) else {
      throw InputError(
        folder, "the atlas does not name its labels",
        remedy: "Add *_dseg.tsv with the columns index and name, parted by tabs")
    }
    let mask = try listing.file("mask", images)
    grid = try Self.grid(of: template)
    let grid = grid
    func volume(_ path: String, _ name: String) throws -> ImageVolumes<Float> {
      try Self.volume(path, name, on: grid, like: template)
    }
    let anatomy = try anatomies.first.map { try volume($0.1, "anatomical image") }
    let susceptibility = try map.map { try volume($0, "susceptibility") }
    labels = try Self.labels(
      volume(segmentation, "label volume")[0], of: segmentation, named: RegionNames(at: table).names, table)
    let shown = anatomy ?? susceptibility
    if let mask {
      brain = try volume(mask, "brain mask")[0].map { $0.isFinite && $0 > 0.5 }
    } else {
      brain = shown.flatMap { Self.brain(of: $0) }
    }
    if brain?.elements.contains(true) == false {
      throw InputError(
        mask ?? template, "the brain of the atlas is empty", remedy: "Give a mask of ones inside")
    }
    self.folder = folder
    files = [anatomies.first?.1, map, segmentation, table, mask].compactMap(\.self)
    contrast = anatomies.first?.0
    self.anatomy = anatomy
    self.susceptibility = susceptibility
  }

  /// The grid of all its images.
  private static func grid(of path: String) throws -> Geometry {
    let file = try NIfTIFile(at: path)
    guard file.hasOrientation else {
      throw InputError(
        path, "the header states no orientation, and nobody knows left from right",
        remedy: "Give an atlas whose headers say where it lies")
    }
    return file.geometry
  }

  private static func volume(
    _ path: String, _ name: String, on grid: Geometry, like template: String
  ) throws -> ImageVolumes<Float> {
    let file = try NIfTIFile(at: path)
    guard file.volumeCount == 1 else {
      throw InputError(path, "the \(name) has \(file.volumeCount) volumes", remedy: "One volume is needed")
    }
    guard let arrangement = file.geometry.arrangement(on: grid), file.hasOrientation else {
      throw InputError(
        path,
        "the \(name) of the atlas does not lie on the voxels of \(template). It has \(file.geometry.account); the other "
          + "\(grid.account)", remedy: "Resample the files of the atlas to one grid")
    }
    return try file.volumes(scaling: .applied).arranged(by: arrangement, on: grid)
  }

  private static func labels(
    _ values: NDArray<Float>, of path: String, named names: [Int32: String], _ table: String
  ) throws(InputError) -> LabelVolume {
    let labels: NDArray<Int32>
    do { labels = try NDArray<Int32>(labels: values) } catch {
      throw InputError(path, "labels are no whole numbers", remedy: "Do not interpolate labels linearly")
    }
    let found = Set(labels.elements).subtracting([0])
    guard !found.isEmpty else {
      throw InputError(path, "the labels of the atlas are zero everywhere", remedy: "Check the file")
    }
    guard !found.isDisjoint(with: names.keys) else {
      throw InputError(
        table, "none of the labels in \(path) has a name (they are \(listed(found.sorted().map(Int.init))))",
        remedy: "Name them by their numbers")
    }
    return LabelVolume(labels.map { names[$0] == nil ? 0 : $0 }, names: names)
  }

  /// What is not zero in an image that shows a brain alone; `nil` for one of a whole head.
  private static func brain(of image: ImageVolumes<Float>) -> NDArray<Bool>? {
    let isShown = image[0].map { $0.isFinite && $0 != 0 }
    let size = image.geometry.voxelSize
    let volume = Double(isShown.elements.count { $0 }) * abs(size.x * size.y * size.z)
    return volume < largestBrain ? Morphology(voxelSize: size).withHolesFilled(isShown) : nil
  }

  /// The files of a folder.
  private struct Listing {
    let folder: String
    let names: [String]

    /// The file of one kind; `nil` if there is none.
    ///
    /// - Throws: ``InputError`` if there are several.
    func file(_ suffix: String, _ endings: [String]) throws(InputError) -> String? {
      let found = names.filter { name in
        endings.contains { name == "\(suffix).\($0)" || name.hasSuffix("_\(suffix).\($0)") }
      }
      if found.count > 1 {
        throw InputError(
          folder, "there are several files of one kind (\(found.joined(separator: ", ")))",
          remedy: "Leave one of them in the folder")
      }
      return found.first.map { "\(folder)/\($0)" }
    }
  }
}
