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

  fileprivate init(_ path: String, mark: String) {
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
      for (path, mark) in held.withLock({ $0 }) where ClaimFolder.read(path)?.owner?.mark == mark {
        // The time is that of the server, whatever this host's clock says.
        utimensat(AT_FDCWD, path, nil, 0)
      }
    }
  }
}

/// A folder of claims, which all machines see that share the work.
public struct ClaimFolder: Sendable {
  /// The folder, which is made when it is needed.
  public let path: String

  /// After how long without a sign of life a process of another machine is taken for dead [s].
  ///
  /// Ten heartbeats: clocks that are off by a minute, and clients that cache what they know of a file for another, do not matter.
  public static let patience = 300.0

  /// Names a folder.
  public init(_ path: String) { self.path = path }

  /// Takes a claim.
  ///
  /// - Parameters:
  ///   - name: The claim's name, that of a file.
  ///   - place: What it stands for, for people.
  /// - Throws: ``WorkClaim/Busy`` if a process that lives has it, ``FileError/cannotWrite(path:reason:)``.
  public func claim(_ name: String, of place: String) throws -> WorkClaim {
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let own = WorkClaim.Owner(
      mark: WorkMark.name(for: name), host: WorkMark.host, process: getpid(),
      since: Date().timeIntervalSince1970.rounded())
    let final = "\(path)/\(name)", draft = "\(path)/\(own.mark)"
    let content = try JSONEncoder().encode(own)
    // The file that was written just now tells the server's time.
    let now = try Self.create(draft, content)
    defer { unlink(draft) }
    for _ in 0..<8 {
      if try Self.place(draft, at: final, content) { return WorkClaim(final, mark: own.mark) }
      guard let found = Self.read(final) else { continue }
      guard found.isAbandoned(now) else {
        throw WorkClaim.Busy(place: place, owner: found.owner ?? own)
      }
      Self.setAside(final, found.owner, as: "\(path)/\(WorkMark.name(for: name))")
    }
    // Others were faster every time: they live.
    throw WorkClaim.Busy(place: place, owner: Self.read(final)?.owner ?? own)
  }

  /// Who works, by the names of claims; without processes that are known to be dead.
  public var owners: [String: WorkClaim.Owner] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    var owners: [String: WorkClaim.Owner] = [:]
    for name in names where !name.hasPrefix(WorkMark.prefix) {
      guard let found = Self.read("\(path)/\(name)"), !found.isAbandoned(Date().timeIntervalSince1970) else {
        continue
      }
      owners[name] = found.owner
    }
    return owners
  }

  /// Removes the claims of processes that are gone, and what they left on the way to one.
  public func removeAbandoned() {
    WorkMark.removeAbandoned(in: path, olderThan: Self.patience)
    for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] {
      let file = "\(path)/\(name)"
      guard !name.hasPrefix(WorkMark.prefix), let found = Self.read(file),
        found.isAbandoned(Date().timeIntervalSince1970)
      else { continue }
      Self.setAside(file, found.owner, as: "\(path)/\(WorkMark.name(for: name))")
    }
  }

  /// A claim as it was found.
  struct Found {
    /// What it says; `nil` if it cannot be understood.
    let owner: WorkClaim.Owner?
    /// When it was touched last [s since 1970, of the server].
    let touched: Double

    func isAbandoned(_ now: Double) -> Bool {
      if let owner, WorkMark.isLocal(owner.mark) { return WorkMark.isAbandoned(owner.mark) }
      return now - touched > ClaimFolder.patience
    }
  }

  static func read(_ path: String) -> Found? {
    // Opening makes a network file system ask its server anew.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    let data = try? FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).readToEnd()
    return Found(
      owner: data.flatMap { try? JSONDecoder().decode(WorkClaim.Owner.self, from: $0) },
      touched: Double(status.st_mtim.tv_sec))
  }

  /// Takes an abandoned claim away, unless it has become somebody else's meanwhile.
  private static func setAside(_ path: String, _ owner: WorkClaim.Owner?, as aside: String) {
    guard read(path)?.owner == owner, rename(path, aside) == 0 else { return }
    // Between the look and the act another may have done the same and be at work.
    if read(aside)?.owner != owner { _ = link(aside, path) }
    unlink(aside)
  }

  /// Creates a file, and tells when, by the clock of whoever keeps it.
  private static func create(_ path: String, _ content: Data) throws(FileError) -> Double {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    let written = content.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    var status = stat()
    guard written == content.count, fstat(descriptor, &status) == 0 else {
      let reason = String(cString: strerror(written < 0 ? errno : ENOSPC))
      unlink(path)
      throw .cannotWrite(path: path, reason: reason)
    }
    return Double(status.st_mtim.tv_sec)
  }

  /// Gives a draft its final name, if nobody has it.
  private static func place(_ draft: String, at final: String, _ content: Data) throws(FileError) -> Bool {
    if link(draft, final) == 0 { return true }
    let reason = errno
    // A server's answer may be lost and the request repeated: whether it was granted is what the file says.
    var status = stat()
    if stat(draft, &status) == 0, status.st_nlink == 2 { return true }
    switch reason {
    case EEXIST: return false
    // File systems without hard links.
    case EPERM, ENOTSUP, ENOSYS, EMLINK:
      let descriptor = open(final, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      if descriptor < 0, errno == EEXIST { return false }
      guard descriptor >= 0 else { throw .cannotWrite(path: final, reason: String(cString: strerror(errno))) }
      defer { close(descriptor) }
      guard content.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == content.count else {
        unlink(final)
        throw .cannotWrite(path: final, reason: String(cString: strerror(ENOSPC)))
      }
      return true
    default: throw .cannotWrite(path: final, reason: String(cString: strerror(reason)))
    }
  }
}
