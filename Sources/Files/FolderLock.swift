import Foundation

/// The right of one process to work on a folder, which ends with the process at the latest.
///
///     let lock = try FolderLock("study")       // until `lock` goes out of scope
public struct FolderLock: ~Copyable {
  /// The hidden file that is locked; it stays.
  public static let file = ".lock"

  private let descriptor: Int32
  /// Whether the file system knows locks, so that nobody else can have the right.
  public let isHeld: Bool

  /// Takes the right.
  ///
  /// - Throws: ``Busy`` if another process has it, ``FileError/cannotWrite(path:reason:)`` where one may not write.
  public init(_ folder: String) throws {
    (descriptor, isHeld) = try Self.lock(folder)
  }

  deinit { close(descriptor) }

  private static func lock(_ folder: String) throws -> (Int32, Bool) {
    let descriptor = open("\(folder)/\(Self.file)", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw FileError.cannotWrite(path: folder, reason: String(cString: strerror(errno)))
    }
    var result: Int32
    repeat { result = flock(descriptor, LOCK_EX | LOCK_NB) } while result != 0 && errno == EINTR
    // File systems without locks cannot tell: there the user must.
    if result != 0, errno == EWOULDBLOCK {
      close(descriptor)
      throw Busy(folder: folder)
    }
    return (descriptor, result == 0)
  }

  /// Another process works on the folder.
  public struct Busy: Error, Equatable, CustomStringConvertible {
    /// The folder.
    public let folder: String

    /// What is wrong, and what to do.
    public var description: String {
      "\(folder): another process is working on this folder. Wait until it has ended and start again."
    }
  }
}
