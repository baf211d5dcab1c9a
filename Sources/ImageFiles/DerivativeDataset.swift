import Files
import Foundation
import MRIData

/// A BIDS data set of images that were computed from other data.
///
///     let dataset = try DerivativeDataset(at: "out", name: "Reconstructions", version: "1.0")
///     let name = try BIDSName(subject: "01", echo: 1, part: .phase, suffix: "MEGRE")
///     try dataset.write(phase, as: name, sidecar: Sidecar(parameters: parameters, geometry: geometry, echo: 0))
public struct DerivativeDataset: Sendable {
  /// The folder that holds the data set.
  public let folder: String

  /// What BIDS has no name for: images of single channels, previews, the record of what was assumed, projections,
  /// what is kept of the work itself, of regions and of the group; and field maps
  /// beside anatomical images, which it expects in a folder of their own with magnitudes.
  private static let ignored = [
    "*_coil-*", "figures", "provenance.json", "*_fieldmap.*", "*_swi.*", "*_minIP.*",
    "*_reliability.*", "regions.tsv", ".work", "group_*",
  ]

  /// Opens or creates a data set: `dataset_description.json`, and a `.bidsignore` for what BIDS has no name for.
  ///
  /// - Parameters:
  ///   - folder: The folder, which is created if it is absent.
  ///   - name: The data set's name.
  ///   - generator: The program that makes it.
  ///   - version: The program's version.
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  public init(
    at folder: String, name: String, generator: String = "KSpaceToolkit", version: String
  ) throws(FileError) {
    self.folder = folder
    try Self.createFolder(folder)
    let description: [String: JSONValue] = [
      "Name": .string(name), "BIDSVersion": "1.10.0", "DatasetType": "derivative",
      "GeneratedBy": [.object(["Name": .string(generator), "Version": .string(version)])],
    ]
    try JSONFile.write(description, to: folder + "/dataset_description.json")
    let ignored = try AtomicFile(folder + "/.bidsignore")
    try ignored.append(Self.ignored.map { $0 + "\n" }.joined().utf8)
    try ignored.commit()
  }

  /// The path of an image, without an extension.
  public func path(of name: BIDSName) -> String { "\(folder)/\(name.folder)/\(name)" }

  /// Writes an image and its sidecar.
  ///
  /// - Parameters:
  ///   - volumes: The voxels and where they lie.
  ///   - name: The file's name.
  ///   - sidecar: What to write beside it.
  ///   - displayRange: The values between which viewers should display the file.
  ///   - isSkullStripped: Whether voxels outside of the brain were set to zero.
  /// - Returns: The path of the image.
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  @discardableResult
  public func write(
    _ volumes: ImageVolumes<some NIfTIElement>, as name: BIDSName, sidecar: Sidecar,
    displayRange: ClosedRange<Double>? = nil, isSkullStripped: Bool = false
  ) throws(FileError) -> String {
    try Self.createFolder("\(folder)/\(name.folder)")
    let path = path(of: name)
    // Derivatives must say whether the skull was taken away.
    var sidecar = sidecar
    if sidecar.extra["SkullStripped"] == nil { sidecar.extra["SkullStripped"] = .bool(isSkullStripped) }
    try sidecar.write(to: path + ".json")
    try NIfTIFile.write(
      volumes, to: path + ".nii.gz", displayRange: displayRange, intentName: name.intent)
    return path + ".nii.gz"
  }

  private static func createFolder(_ folder: String) throws(FileError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(path: folder, reason: "the folder cannot be created")
    }
  }
}
