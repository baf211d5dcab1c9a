import Foundation
import KSpaceToolkit

/// The files of one scan, found but not read.
struct QSMSource {
  /// What they are.
  enum Content {
    /// Echoes as magnitude and phase; each list holds one file of all echoes, or one per echo.
    case echoes(phase: [String], magnitude: [String])
    /// A wrapped field map with its noise and R2*, and the magnitudes of the echoes.
    case fieldMap(field: String, noise: String?, relaxation: String?, magnitude: [String])
  }

  let content: Content
  /// What the scan is called.
  let name: String
  let arguments: QSMImageArguments

  /// Finds the files.
  ///
  /// - Throws: ``CommandError`` if there are none, or those of several scans.
  init(folder: String?, _ arguments: QSMImageArguments) throws {
    self.arguments = arguments
    guard let folder else {
      name = arguments.phase[0]
      content = .echoes(phase: arguments.phase, magnitude: arguments.magnitude)
      return
    }
    name = folder
    let files = try Self.images(in: folder)
    let fields = files.filter { $0.hasEntity("desc-wrapped") && $0.suffix == "fieldmap" }
    if fields.count > 1 { throw Self.severalScans(folder, fields.map(\.path)) }
    if let field = fields.first {
      func beside(_ suffix: String, _ entity: String? = nil) -> String? {
        files.first {
          $0.suffix == suffix && $0.folder == field.folder && $0.scan == field.scan
            && (entity == nil ? !$0.entities.contains { $0.hasPrefix("desc-") } : $0.hasEntity(entity ?? ""))
        }?.path
      }
      let magnitude = files.filter { $0.hasEntity("part-mag") && $0.scan == field.scan }
      content = .fieldMap(
        field: field.path, noise: beside("fieldmap", "desc-noise"), relaxation: beside("R2starmap"),
        magnitude: magnitude.sorted { $0.echo < $1.echo }.map(\.path))
      return
    }
    let phases = files.filter { $0.hasEntity("part-phase") && !$0.isChannel }
    guard let first = phases.first else {
      throw CommandError(
        folder, "there is neither a wrapped field map nor a phase image (part-phase) in this folder",
        remedy: "Name the files with --magnitude and --phase")
    }
    if phases.contains(where: { $0.scan != first.scan || $0.suffix != first.suffix }) {
      throw Self.severalScans(folder, phases.map(\.path))
    }
    let magnitudes = files.filter {
      $0.hasEntity("part-mag") && $0.scan == first.scan && $0.suffix == first.suffix
    }
    content = .echoes(
      phase: phases.sorted { $0.echo < $1.echo }.map(\.path),
      magnitude: magnitudes.sorted { $0.echo < $1.echo }.map(\.path))
  }

  /// All files that will be read, but sidecars.
  var paths: [String] {
    switch content {
    case .echoes(let phase, let magnitude): phase + magnitude
    case .fieldMap(let field, let noise, let relaxation, let magnitude):
      [field, noise, relaxation].compactMap(\.self) + magnitude
    }
  }

  var summary: String {
    switch content {
    case .echoes(let phase, let magnitude):
      "\(name): \(counted(phase.count, "phase file")), \(counted(magnitude.count, "magnitude file"))."
    case .fieldMap(_, let noise, _, let magnitude):
      "\(name): a wrapped field map\(noise == nil ? "" : " with its noise"), \(counted(magnitude.count, "magnitude file"))."
    }
  }

  private static func severalScans(_ folder: String, _ paths: [String]) -> CommandError {
    CommandError(
      folder, "there is more than one scan in this folder (\(paths.prefix(3).joined(separator: ", ")), ...)",
      remedy: "Name the files of one with --magnitude and --phase")
  }

  private static func images(in folder: String) throws -> [NamedImage] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw CommandError(folder, "there is no such folder", remedy: "Check the path")
    }
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    return paths.sorted().compactMap { NamedImage("\(folder)/\($0)") }
  }
}

/// A NIfTI file with a name by BIDS.
struct NamedImage {
  let path: String
  let folder: String
  let entities: [String]
  let suffix: String

  init?(_ path: String) {
    let url = URL(filePath: path), file = url.lastPathComponent
    guard let end = [".nii.gz", ".nii"].first(where: { file.hasSuffix($0) }), !file.hasPrefix(".") else {
      return nil
    }
    let parts = file.dropLast(end.count).split(separator: "_").map(String.init)
    guard parts.count > 1, let suffix = parts.last else { return nil }
    self.path = path
    folder = url.deletingLastPathComponent().path
    entities = Array(parts.dropLast())
    self.suffix = suffix
  }

  func hasEntity(_ entity: String) -> Bool { entities.contains(entity) }

  /// The number of the echo; 1 if the name has none.
  var echo: Int { entities.first { $0.hasPrefix("echo-") }.flatMap { Int($0.dropFirst(5)) } ?? 1 }

  /// Whether the file holds a single receive channel.
  var isChannel: Bool { entities.contains { $0.hasPrefix("coil-") } }

  /// What is left of the name without echo, part and description: the scan.
  var scan: String {
    entities.filter { entity in !["echo-", "part-", "desc-"].contains { entity.hasPrefix($0) } }.joined(
      separator: "_")
  }

  /// The sidecar's path.
  static func sidecar(of path: String) -> String {
    for end in [".nii.gz", ".nii"] where path.hasSuffix(end) { return path.dropLast(end.count) + ".json" }
    return path + ".json"
  }
}
