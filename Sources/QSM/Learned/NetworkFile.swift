import Files
import Foundation
import VolumeNetworks

/// A network for susceptibility in a file, with what is known of it.
public struct NetworkFile: Sendable {
  /// The name of the network that comes with the toolkit, ``LearnedInversion`` with a prior.
  public static let inTheBox = "unrolled"

  /// Where the file is.
  public let path: String
  /// The network.
  public let network: VolumeNetwork
  /// How it is used.
  public let description: NetworkDescription
  /// What the user must be told of the file.
  public let remarks: [String]

  /// Reads a network.
  ///
  /// How it is used says `NAME.json` beside it, or its metadata under `kspace`; else what is known of published
  /// networks, by fingerprint or file name; else it is taken to map parts per million to parts per million.
  ///
  /// - Parameters:
  ///   - name: The path of an ONNX file, its name in a folder of models, with or without `.onnx`, or ``inTheBox``.
  ///   - folder: The folder of models; that of the environment variable `QSM_MODEL_DIR` unless given.
  /// - Throws: ``InputError`` if there is no such file or it is described wrongly, ``NetworkError`` if it is damaged.
  public init(_ name: String, in folder: String? = nil) throws {
    path = try Self.path(of: name, in: folder ?? ProcessInfo.processInfo.environment["QSM_MODEL_DIR"])
    network = try VolumeNetwork(contentsOf: path)
    let file = URL(filePath: path).deletingPathExtension()
    let beside = file.path + ".json"
    var remarks: [String] = []
    if FileManager.default.fileExists(atPath: beside) {
      description = try JSONFile.read(beside)
    } else if let text = network.model.metadata["kspace"] {
      do throws(JSONFile.Fault) {
        description = try JSONFile.decode(from: Data(text.utf8))
      } catch {
        throw InputError(
          path, "the key \"kspace\" of its metadata: \(error.reason)",
          remedy: "Correct it, or describe it in \(beside)")
      }
    } else if let known = KnownNetwork.find(
      file: file.lastPathComponent.lowercased(), digest: network.model.digest)
    {
      description = known.description
      if known.digest != network.model.digest {
        remarks.append(
          "\(path) is not the file of \(known.description.name ?? known.file) whose use is known (SHA-256 "
            + "\(known.digest.prefix(12))...): it was used like that one. Describe it in \(beside).")
      }
    } else {
      description = NetworkDescription()
      remarks.append(
        "Nothing tells how \(path) is to be used: it was given the field in ppm, and its result was taken as ppm. Describe "
          + "it in \(beside).")
    }
    self.remarks = remarks
  }

  private static func path(of name: String, in folder: String?) throws(InputError) -> String {
    let files = FileManager.default
    var isFolder: ObjCBool = false
    if files.fileExists(atPath: name, isDirectory: &isFolder), !isFolder.boolValue { return name }
    if name == inTheBox {
      let resources = ModuleResources(of: "QSM")
      if let path = resources.path(of: inTheBox + ".onnx") { return path }
      throw InputError(
        inTheBox,
        "it comes with the toolkit, and lies in none of \(resources.folders.map(\.path).joined(separator: ", "))",
        remedy: "Install the command with the folders beside it, or name another network")
    }
    guard !name.contains("/"), !name.isEmpty else {
      throw InputError(
        name, "there is no such file", remedy: "Name an ONNX file, or a name in the folder QSM_MODEL_DIR")
    }
    guard let folder, !folder.isEmpty else {
      throw InputError(
        name, "there is no such file, and QSM_MODEL_DIR names no folder of models",
        remedy: "Name an ONNX file; weights are offered by their authors, and are not fetched")
    }
    for ending in ["", ".onnx"] {
      let path = URL(filePath: folder).appending(path: name + ending).path
      if files.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue { return path }
    }
    let found = ((try? files.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".onnx") }
      .sorted()
    throw InputError(
      name,
      "there is no such model in \(folder) (QSM_MODEL_DIR), which has \(found.isEmpty ? "none" : found.prefix(20).joined(separator: ", "))",
      remedy: "Name one of them, or an ONNX file; weights are offered by their authors, and are not fetched")
  }
}
