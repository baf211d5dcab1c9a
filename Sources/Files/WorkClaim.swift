import Foundation
import Synchronization

/// The right of one process to make something that others could make as well, on any machine that sees the folder.
///
/// A claim is a small file that says who has it. It gets its name by a hard link, which a network file system grants to
/// one alone; its owner touches it while it lives, and takes it away when it is done. A claim whose process has ended is
/// free at once on the same machine, and elsewhere when it has not been touched for ``ClaimFolder/patience``.
public final class WorkClaim: Sendable {
  /// Who has a claim.
  public struct Owner: Sendable, Equatable, Codable {
    /// The name by which the process is known, see ``WorkMark``.
    var mark: String
    /// The host.
    public var host: String
    /// The number of the process on its host.
    public var process: Int32
    /// When it took the claim, by its own clock [s since 1970].
    public var since: Double

    /// Who and since when, for people.
    public var description: String {
      let time = Date(timeIntervalSince1970: since).formatted(.iso8601)
      return "process \(process) on \(host), since \(time)"
    }
  }

  /// Somebody else has the claim.
  public struct Busy: Error, Equatable, CustomStringConvertible {
    /// What is being worked on, for people.
    public let place: String
    /// Who works on it.
    public let owner: Owner

    /// What is wrong, and what to do.
    public var description: String {
      "\(place): another process is working on this (\(owner.description)). Wait until it has ended and start again."
    }
  }

  /// The file.
  let path: String
  private let mark: String

  init(_ path: String, mark: String) {
    self.path = path
    self.mark = mark
    Self.held.withLock { $0[path] = mark }
    _ = Self.pulse
  }

  deinit { release() }

  /// Gives the claim back; one that somebody else has taken over stays.
  public func release() {
    guard Self.held.withLock({ $0.removeValue(forKey: path) }) != nil else { return }
    Self.remove(path, of: mark)
  }

  private static func remove(_ path: String, of mark: String) {
    if ClaimFolder.read(path)?.owner?.mark == mark { unlink(path) }
  }

  /// All claims of this process.
  private static let held = Mutex<[String: String]>([:])

  /// Gives all claims of this process back, before it ends without unwinding.
  public static func releaseAll() {
    let all = held.withLock { held in
      defer { held = [:] }
      return held
    }
    for (path, mark) in all { remove(path, of: mark) }
  }

  /// How often claims are touched [s].
  static let interval = 30.0

  /// Touches all claims of this process for as long as it lives.
  private static let pulse: Void = Thread.detachNewThread {
    while true {
      Thread.sleep(forTimeInterval: interval)
      for (path, mark) in held.withLock({ Array($0) }) where ClaimFolder.read(path)?.owner?.mark == mark {
        // The time is that of the server, whatever this host's clock says.
        utimensat(AT_FDCWD, path, nil, 0)
      }
    }
  }
}
