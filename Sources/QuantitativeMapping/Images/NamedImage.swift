import Foundation

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
