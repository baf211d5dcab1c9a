import Foundation

/// A folder of results that appears under its name only when it is whole.
///
/// Files are written into a folder beside it. A run that fails, or is stopped, leaves nothing under the name.
final class OutputFolder {
  /// Where files are written meanwhile.
  let temporaryPath: String
  private let path: String
  private var isFinished = false

  /// Prepares a folder.
  ///
  /// - Throws: ``CommandError`` if the folder exists and may not be replaced, or if it cannot be made.
  init(_ path: String, replacing: Bool) throws(CommandError) {
    try Self.check(path, replacing: replacing)
    self.path = path
    temporaryPath = "\(path).partial-\(ProcessInfo.processInfo.processIdentifier)"
    do {
      try FileManager.default.createDirectory(atPath: temporaryPath, withIntermediateDirectories: true)
    } catch {
      throw CommandError(
        path, "the output folder cannot be made", remedy: "Choose a place where you may write with --output")
    }
  }

  deinit {
    if !isFinished { try? FileManager.default.removeItem(atPath: temporaryPath) }
  }

  /// Refuses an output that exists, unless it may be replaced.
  static func check(_ path: String, replacing: Bool) throws(CommandError) {
    if FileManager.default.fileExists(atPath: path), !replacing {
      throw CommandError(
        path, "the output exists", remedy: "Choose another --output, or give --force to replace it")
    }
  }

  /// Gives the folder its name, in place of one that may be there.
  ///
  /// - Throws: ``CommandError`` if the folder cannot be renamed; then what was there stays.
  func commit() throws(CommandError) {
    let files = FileManager.default
    do {
      let replaced = temporaryPath + ".replaced"
      let exists = files.fileExists(atPath: path)
      if exists { try files.moveItem(atPath: path, toPath: replaced) }
      do {
        try files.moveItem(atPath: temporaryPath, toPath: path)
      } catch {
        if exists { try? files.moveItem(atPath: replaced, toPath: path) }
        throw error
      }
      if exists { try files.removeItem(atPath: replaced) }
      isFinished = true
    } catch {
      throw CommandError(
        path, "the output folder cannot be put in place", remedy: "Check permissions and disk space")
    }
  }
}

/// Why a command cannot do what it was told: what is wrong, where, and what to do.
struct CommandError: Error, CustomStringConvertible {
  let description: String

  init(_ place: String, _ problem: String, remedy: String) {
    description = "\(place): \(problem). \(remedy)."
  }
}
