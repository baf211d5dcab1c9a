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

  /// Opens or creates a data set: `dataset_description.json`, and a `.bidsignore` for files of single channels.
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
    try ignored.append("*_coil-*\n".utf8)
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
  /// - Returns: The path of the image.
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  @discardableResult
  public func write(
    _ volumes: ImageVolumes<some NIfTIElement>, as name: BIDSName, sidecar: Sidecar,
    displayRange: ClosedRange<Double>? = nil
  ) throws(FileError) -> String {
    try Self.createFolder("\(folder)/\(name.folder)")
    let path = path(of: name)
    try sidecar.write(to: path + ".json")
    try NIfTIFile.write(volumes, to: path + ".nii.gz", displayRange: displayRange)
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
