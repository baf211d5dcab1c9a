import Files
import Foundation
import ImageFiles
import MRIData

/// The finished cells of a study on disk, one folder each, which appears under its name when it is whole.
///
/// A study that was interrupted finds its cells here and makes only what is missing.
struct CellStore: Sendable {
  /// The folder of the study.
  let folder: String

  private static let record = "cell.json"

  /// The folder of a cell.
  func path(of cell: StudyCell) -> String { "\(folder)/cells/\(cell.name)" }

  /// Whether a finished cell of this name is there, whatever it follows from.
  func holds(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(folder)/cells/\(name)/\(Self.record)")
  }

  /// The record of a finished cell; `nil` if it is missing or follows from something else.
  func record(of recipe: CellRecipe) -> CellRecord? {
    guard let record = anyRecord(of: recipe.cell), record.recipe == recipe else { return nil }
    return record
  }

  /// The record of a finished cell, whatever it follows from.
  func anyRecord(of cell: StudyCell) -> CellRecord? {
    FileManager.default.contents(atPath: "\(path(of: cell))/\(Self.record)")
      .flatMap { try? JSONFile.decode(CellRecord.self, from: $0) }
  }

  /// Refuses a cell that is there and follows from something else, which would be replaced.
  ///
  /// - Throws: ``StudyError/otherChoices(path:cell:difference:)``.
  func check(_ recipe: CellRecipe) throws(StudyError) {
    guard let found = anyRecord(of: recipe.cell)?.recipe, let difference = found.difference(from: recipe)
    else { return }
    throw .otherChoices(path: folder, cell: recipe.cell.name, difference: difference)
  }

  /// The images of a finished cell.
  ///
  /// - Throws: ``FileError`` if a file was removed or damaged.
  func images(of record: CellRecord) throws -> CellImages {
    let folder = path(of: record.recipe.cell)
    func volumes(_ map: Map) throws -> ImageVolumes<Float>? {
      let path = "\(folder)/\(map.rawValue).nii.gz"
      guard FileManager.default.fileExists(atPath: path) else { return nil }
      return try NIfTIFile(at: path).volumes(scaling: .applied)
    }
    guard let magnitude = try volumes(.magnitude) else {
      throw FileError.missing(path: "\(folder)/magnitude.nii.gz")
    }
    var images = CellImages(magnitude: magnitude)
    images.phase = try volumes(.phase)
    images.field = try volumes(.field)
    images.fieldNoise = try volumes(.fieldNoise)
    images.r2Star = try volumes(.r2Star)
    images.susceptibility = try volumes(.susceptibility)
    images.fieldPeriod = record.fieldPeriod
    return images
  }

  /// Keeps a finished cell.
  ///
  /// - Throws: ``FileError`` if the disk is full or the folder closed to the user.
  func keep(_ images: CellImages, _ record: CellRecord) throws {
    try FileManager.default.createDirectory(atPath: "\(folder)/cells", withIntermediateDirectories: true)
    let cell = try AtomicFolder(path(of: record.recipe.cell), kind: Self.kind, replacing: true)
    for (map, volumes) in [
      (Map.magnitude, images.magnitude as ImageVolumes<Float>?), (.phase, images.phase),
      (.field, images.field), (.fieldNoise, images.fieldNoise), (.r2Star, images.r2Star),
      (.susceptibility, images.susceptibility),
    ] {
      guard let volumes else { continue }
      try NIfTIFile.write(
        volumes, to: "\(cell.temporaryPath)/\(map.rawValue).nii.gz",
        displayRange: Montage(window: map.window).displayRange(of: volumes), intentName: map.rawValue)
    }
    try JSONFile.write(record, to: "\(cell.temporaryPath)/\(Self.record)")
    try cell.commit()
  }

  private static let kind = AtomicFolder.Kind(marker: record) { $0 == record || $0.hasSuffix(".nii.gz") }

  private enum Map: String {
    case magnitude, phase, field, r2Star = "r2star", susceptibility
    case fieldNoise = "field-noise"

    /// Which values viewers should show.
    var window: Montage.Window {
      switch self {
      case .magnitude: .percentiles(0, 99.5)
      case .phase: .range(-.pi ... .pi)
      case .field: .symmetric(percentile: 99)
      case .fieldNoise: .percentiles(1, 95)
      case .r2Star: .range(0...60)
      case .susceptibility: .range(-0.15...0.15)
      }
    }
  }
}
