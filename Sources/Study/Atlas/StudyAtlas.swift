import Evaluation
import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import QuantitativeMapping

/// An atlas whose regions a study takes: it is brought onto the reference once, and kept in the study's folder.
public struct StudyAtlas: Sendable {
  /// The atlas.
  public var atlas: Atlas
  /// What brings it onto the reference.
  public var registration: AtlasRegistration

  /// Where a study keeps what it found.
  static let folder = "atlas"

  /// Chooses an atlas.
  public init(_ atlas: Atlas, by registration: AtlasRegistration) {
    self.atlas = atlas
    self.registration = registration
  }

  /// What a placement follows from, and how well it fits.
  private struct Record: Codable, Equatable {
    var files: [String]
    var reference: CellRecipe
    var method: MethodConfiguration
    var fit: AtlasFit
    var remarks: [String]
    var warnings: [String]
  }

  /// The regions on the reference of a study.
  ///
  /// - Throws: As ``AtlasRegistration`` does; ``FileError``.
  func placed(on target: ScanStudy.Target, _ parameters: ScanParameters, in folder: String) throws
    -> PlacedAtlas
  {
    let own = "\(folder)/\(Self.folder)", recipe = target.record.recipe
    let digests = try atlas.files.map { try SHA256.digest(ofFile: $0) }
    if let record: Record = try? JSONFile.read("\(own)/registration.json"), record.files == digests,
      record.reference == recipe, record.method == registration.configuration,
      let labels = try? NIfTIFile(at: "\(own)/labels.nii.gz").volumes(scaling: .applied),
      let template = try? NIfTIFile(at: "\(own)/template.nii.gz").volumes(scaling: .applied)
    {
      let volume = try LabelVolume(
        NDArray<Int32>(labels: labels[0]), names: atlas.labels.names, drawnOn: template)
      return PlacedAtlas(labels: volume, fit: record.fit, remarks: record.remarks, warnings: record.warnings)
    }
    guard let magnitude = target.images.maps(parameters).combinedMagnitude else {
      preconditionFailure("a cell without magnitudes")
    }
    let brain = target.brain?.isInside ?? target.object
    let placed = try registration(
      atlas, onto: magnitude, susceptibility: target.images.susceptibility, brain: brain)
    try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
    let grid = magnitude.geometry
    try NIfTIFile.write(ImageVolumes(placed.labels.labels, geometry: grid), to: "\(own)/labels.nii.gz")
    try AtomicFile.write(placed.labels.table, to: "\(own)/labels.tsv")
    if let template = placed.labels.anatomy { try NIfTIFile.write(template, to: "\(own)/template.nii.gz") }
    try PNGFile.write(placed.picture(on: magnitude, within: brain), to: "\(own)/labels.png")
    try JSONFile.write(
      Record(
        files: digests, reference: recipe, method: registration.configuration, fit: placed.fit,
        remarks: placed.remarks, warnings: placed.warnings), to: "\(own)/registration.json")
    return placed
  }
}
