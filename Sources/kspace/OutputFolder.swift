import Foundation

/// A folder of results that appears under its name only when it is whole.
///
/// Files are written into a hidden folder beside it. A run that fails, or is interrupted, leaves nothing behind.
final class OutputFolder {
  /// The results that such a folder holds; nothing else is ever replaced.
  struct Kind: Sendable {
    /// The file that tells such a folder from others.
    let marker: String
    /// Whether a file or folder at the top is part of the results.
    let holds: @Sendable (String) -> Bool
  }

  /// Where files are written meanwhile.
  let temporaryPath: String
  private let path: String
  private var isFinished = false

  /// Prepares a folder.
  ///
  /// - Throws: ``CommandError`` as ``check(_:kind:replacing:input:)`` does, or if the folder cannot be made.
  init(_ path: String, kind: Kind, replacing: Bool, input: String? = nil) throws(CommandError) {
    try Self.check(path, kind: kind, replacing: replacing, input: input)
    let url = URL(filePath: path).standardizedFileURL
    self.path = url.path
    // By chance rather than by process: containers reuse process numbers, and a killed one leaves its folder behind.
    let mark = UUID().uuidString.prefix(8)
    temporaryPath =
      url.deletingLastPathComponent().appending(path: ".partial-\(mark)-\(url.lastPathComponent)").path
    Interruption.postpone()
    do {
      try FileManager.default.createDirectory(atPath: temporaryPath, withIntermediateDirectories: false)
    } catch {
      isFinished = true
      throw CommandError(
        path, "the output folder cannot be made", remedy: "Choose a place where you may write with --output")
    }
  }

  deinit {
    if !isFinished { try? FileManager.default.removeItem(atPath: temporaryPath) }
  }

  /// Refuses an output that exists and may not be replaced, or that cannot be made.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - kind: What the folder will hold; only a folder of the same kind is replaced.
  ///   - replacing: Whether the user allows it to be replaced.
  ///   - input: A file that must survive.
  static func check(
    _ path: String, kind: Kind, replacing: Bool, input: String? = nil
  ) throws(CommandError) {
    try OutputPath.check(path, replacing: replacing, input: input)
    var isFolder: ObjCBool = false
    let files = FileManager.default
    guard files.fileExists(atPath: path, isDirectory: &isFolder) else { return }
    guard isFolder.boolValue else {
      throw CommandError(
        path, "this is a file; a folder cannot take its name", remedy: "Choose another --output")
    }
    let names = ((try? files.contentsOfDirectory(atPath: path)) ?? []).sorted()
    if let stranger = names.first(where: { !kind.holds($0) }) {
      throw CommandError(
        path, "the folder holds more than the results of an earlier run (\(stranger))",
        remedy: "It is not replaced, even with --force; choose another --output")
    }
    if !names.isEmpty, !names.contains(kind.marker) {
      throw CommandError(
        path, "the folder is not the result of an earlier run (it has no \(kind.marker))",
        remedy: "It is not replaced, even with --force; choose another --output")
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
      isFinished = true
      if exists { try files.removeItem(atPath: replaced) }
    } catch {
      throw CommandError(
        path, "the output folder cannot be put in place", remedy: "Check permissions and disk space")
    }
  }
}

/// What holds for all outputs, files and folders.
enum OutputPath {
  /// Whether a path names nothing that could be made: it is empty, or the working or the root folder.
  static func isNameless(_ path: String) -> Bool {
    let url = URL(filePath: path).standardizedFileURL
    let working = URL(filePath: FileManager.default.currentDirectoryPath).standardizedFileURL
    return path.isEmpty || url.path == "/" || url.path == working.path
      || working.path.hasPrefix(url.path + "/")
  }

  /// Refuses an output that exists and may not be replaced, that would take its own input with it, or whose folder
  /// is not there.
  static func check(_ path: String, replacing: Bool, input: String? = nil) throws(CommandError) {
    let url = URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath()
    if let input, input != "-" {
      let source = URL(filePath: input).standardizedFileURL.resolvingSymlinksInPath()
      if source.path == url.path || source.path.hasPrefix(url.path + "/") {
        throw CommandError(
          path, "the output would replace its own input, \(input)", remedy: "Choose another --output")
      }
    }
    if FileManager.default.fileExists(atPath: path) {
      guard replacing else {
        throw CommandError(
          path, "the output exists", remedy: "Choose another --output, or give --force to replace it")
      }
    } else if !FileManager.default.isWritableFile(atPath: url.deletingLastPathComponent().path) {
      throw CommandError(
        path, "its folder does not exist or may not be written to",
        remedy: "Create the folder first, or choose another --output")
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
