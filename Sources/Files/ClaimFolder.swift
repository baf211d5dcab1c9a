import Foundation
import Synchronization

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
      owner: data.flatMap { try? JSONFile.decode(WorkClaim.Owner.self, from: $0) },
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
