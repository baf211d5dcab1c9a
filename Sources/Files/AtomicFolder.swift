import CSystem
import Foundation
import Synchronization

/// A folder of results that appears under its name only when it is whole.
///
/// Files are written into a hidden folder beside it. Work that fails leaves nothing behind, and what a process that was
/// killed has left is removed by the next one that writes there.
///
///     let folder = try AtomicFolder("maps", kind: .susceptibility)
///     try NIfTIFile.write(map, to: folder.temporaryPath + "/chi.nii.gz")
///     try folder.commit()
public final class AtomicFolder {
  /// The results that such a folder holds; nothing else is ever replaced.
  public struct Kind: Sendable {
    /// The file that tells such a folder from others.
    let marker: String
    /// Whether a file or folder at the top is part of the results.
    let holds: @Sendable (String) -> Bool

    /// Describes results.
    public init(marker: String, holds: @escaping @Sendable (String) -> Bool) {
      self.marker = marker
      self.holds = holds
    }
  }

  /// Where files are written meanwhile.
  public let temporaryPath: String
  private let path: String
  private var isFinished = false
  /// The folder, locked as long as this process works on it.
  private var descriptor: Int32 = -1

  /// Prepares a folder.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - kind: What the folder will hold; only a folder of the same kind is replaced.
  ///   - replacing: Whether it may be replaced.
  ///   - inputs: Files and folders that must survive.
  /// - Throws: ``InputError`` as ``check(_:kind:replacing:inputs:)`` does, or if the folder cannot be made.
  public init(
    _ path: String, kind: Kind, replacing: Bool = false, inputs: [String] = []
  ) throws(InputError) {
    try Self.check(path, kind: kind, replacing: replacing, inputs: inputs)
    let url = URL(filePath: path).standardizedFileURL, parent = url.deletingLastPathComponent()
    self.path = url.path
    temporaryPath = parent.appending(path: WorkMark.name(for: url.lastPathComponent)).path
    WorkMark.tidy(parent.path)
    Self.unfinished.withLock { _ = $0.insert(temporaryPath) }
    do {
      try FileManager.default.createDirectory(atPath: temporaryPath, withIntermediateDirectories: false)
    } catch {
      isFinished = true
      throw InputError(
        path, "the output folder cannot be made", remedy: "Choose a place where you may write")
    }
    descriptor = open(temporaryPath, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    WorkMark.hold(descriptor)
    LastWord.note(.writing, path)
    LastWord.willRemove(temporaryPath)
  }

  deinit {
    Self.unfinished.withLock { _ = $0.remove(temporaryPath) }
    if !isFinished { try? FileManager.default.removeItem(atPath: temporaryPath) }
    LastWord.willKeep(temporaryPath)
    if descriptor >= 0 { close(descriptor) }
  }

  private static let unfinished = Mutex<Set<String>>([])

  /// Removes all that this process has not finished, before it ends without unwinding.
  public static func removeUnfinished() {
    for path in unfinished.withLock({ $0 }) { try? FileManager.default.removeItem(atPath: path) }
  }

  /// Refuses an output that exists and may not be replaced, or that cannot be made.
  public static func check(
    _ path: String, kind: Kind, replacing: Bool, inputs: [String] = []
  ) throws(InputError) {
    try OutputPath.check(path, replacing: replacing, inputs: inputs)
    var isFolder: ObjCBool = false
    let files = FileManager.default
    guard files.fileExists(atPath: path, isDirectory: &isFolder) else { return }
    guard isFolder.boolValue else {
      throw InputError(
        path, "this is a file; a folder cannot take its name", remedy: "Choose another `output`")
    }
    if (try? files.destinationOfSymbolicLink(atPath: path)) != nil {
      throw InputError(
        path, "this is a link to a folder, which a folder would replace", remedy: "Name the folder itself")
    }
    let names = ((try? files.contentsOfDirectory(atPath: path)) ?? []).sorted()
    if let stranger = names.first(where: { !kind.holds($0) }) {
      throw InputError(
        path, "the folder holds more than the results of an earlier run (\(stranger))",
        remedy: "It is never replaced, even with `replacing`; choose another `output`")
    }
    if !names.isEmpty, !names.contains(kind.marker) {
      throw InputError(
        path, "the folder is not the result of an earlier run (it has no \(kind.marker))",
        remedy: "It is never replaced, even with `replacing`; choose another `output`")
    }
  }

  /// Gives the folder its name, in place of one that may be there, in one step.
  ///
  /// - Throws: ``InputError`` if the folder cannot be renamed; then what was there stays.
  public func commit() throws(InputError) {
    let files = FileManager.default
    synchronize()
    do {
      if files.fileExists(atPath: path) {
        // Where the system can exchange two names, there is no moment without the old folder or the new one.
        if exchange_names(temporaryPath, path) != 0 {
          let replaced = temporaryPath + ".replaced"
          try files.moveItem(atPath: path, toPath: replaced)
          do {
            try files.moveItem(atPath: temporaryPath, toPath: path)
          } catch {
            try? files.moveItem(atPath: replaced, toPath: path)
            throw error
          }
          try? files.moveItem(atPath: replaced, toPath: temporaryPath)
        }
        isFinished = true
        Disk.synchronize(URL(filePath: path).deletingLastPathComponent().path)
        try files.removeItem(atPath: temporaryPath)
      } else {
        try files.moveItem(atPath: temporaryPath, toPath: path)
        isFinished = true
        Disk.synchronize(URL(filePath: path).deletingLastPathComponent().path)
      }
    } catch {
      throw InputError(
        path, "the output folder cannot be put in place", remedy: "Check permissions and disk space")
    }
  }

  /// Waits until all that was written has reached the disk.
  private func synchronize() {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: temporaryPath)) ?? []
    for name in names.map({ "\(temporaryPath)/\($0)" }) + [temporaryPath] { Disk.synchronize(name) }
  }
}
