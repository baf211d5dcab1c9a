import Foundation

/// A folder for what is needed for a while; what killed processes left beside it goes.
public struct ScratchFolder: Sendable {
  /// The folder.
  public let path: String

  /// Makes a folder.
  ///
  /// - Parameter parent: Where; unless given, where the system keeps such things.
  /// - Throws: ``FileError/cannotWrite(path:reason:)``.
  public init(in parent: String? = nil) throws(FileError) {
    let parent = parent ?? FileManager.default.temporaryDirectory.path
    WorkMark.removeAbandoned(in: parent)
    path = "\(parent)/\(WorkMark.name(for: "kspace"))"
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    } catch {
      throw .cannotWrite(path: path, reason: "the folder cannot be made")
    }
  }

  /// Removes the folder and what it holds.
  public func remove() { try? FileManager.default.removeItem(atPath: path) }
}
