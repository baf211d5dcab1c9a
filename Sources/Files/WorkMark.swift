import Foundation
import Synchronization

/// The name of unfinished work, by which later runs tell whether its owner still lives.
///
/// ```
/// .partial-<machine>-<process>-<start>-<chance>-<name>
/// ```
///
/// Machine stands for the host since it was started, and for the name space of its process numbers, as containers count
/// their own. The start of a process tells it from a later one of the same number. What another machine left, or a container
/// that is gone, is taken for dead when nobody has touched it for a day and its lock is free, which its owner holds to the end.
public enum WorkMark {
  static let prefix = ".partial-"

  /// This process among all of all machines: `<machine>-<process>-<start>`.
  public static var process: String { "\(machine)-\(getpid())-\(startTime(of: getpid()) ?? "0")" }

  /// A new name for work that will become a file or folder.
  static func name(for final: String) -> String {
    "\(prefix)\(process)-\(UUID().uuidString.prefix(8))-\(final)"
  }

  /// Whether the process that gave a name can be looked up here, as it is one of this machine.
  static func isLocal(_ name: String) -> Bool {
    name.hasPrefix("\(prefix)\(machine)-") && startTime(of: getpid()) != nil
  }

  /// Whether a name was given to unfinished work, and the process that did is gone.
  static func isAbandoned(_ name: String) -> Bool {
    guard name.hasPrefix(prefix) else { return false }
    let parts = name.dropFirst(prefix.count).split(
      separator: "-", maxSplits: 4, omittingEmptySubsequences: false)
    // Where processes cannot be looked up, none is taken for dead.
    guard parts.count == 5, parts[0] == machine, let process = Int32(parts[1]), startTime(of: getpid()) != nil
    else { return false }
    return startTime(of: process).map { $0 != parts[2] } ?? true
  }

  /// Removes what processes that are gone have left unfinished in a folder.
  ///
  /// - Parameter patience: What other machines have left goes as well when nothing in it has changed for so long [s];
  ///   `nil` to leave it, as its owner cannot be looked up.
  public static func removeAbandoned(in folder: String, olderThan patience: Double? = nil) {
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: folder)) ?? [] where name.hasPrefix(prefix) {
      let path = "\(folder)/\(name)"
      let isStale = !isLocal(name) && patience.map { lastChange(of: path) < Date() - $0 } ?? false
      if isAbandoned(name) || isForgotten(path) || isStale { try? files.removeItem(atPath: path) }
    }
  }

  /// Removes what killed processes have left in a folder when this process first writes there.
  ///
  /// Once is enough, and a folder of ten thousand results is not listed for each of them.
  static func tidy(_ folder: String) {
    // What is itself in work is new.
    guard !folder.contains("/\(prefix)"), tidied.withLock({ $0.insert(folder).inserted }) else { return }
    removeAbandoned(in: folder)
  }

  private static let tidied = Mutex<Set<String>>([])

  /// When a file, or anything in a folder, was last written.
  private static func lastChange(of path: String) -> Date {
    let files = FileManager.default
    let names = [path] + ((try? files.subpathsOfDirectory(atPath: path)) ?? []).map { "\(path)/\($0)" }
    return names.compactMap { try? files.attributesOfItem(atPath: $0)[.modificationDate] as? Date }.max()
      ?? .distantPast
  }

  /// The name of this host, for people.
  public static let host: String = {
    // Foundation's name of the host may ask the network.
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { name in
      name.initialize(repeating: 0)
      guard let start = name.baseAddress, gethostname(start, name.count - 1) == 0 else { return "" }
      return String(cString: start)
    }
  }()

  /// Locks unfinished work as long as its file or folder is open; file systems without locks do without.
  static func hold(_ descriptor: Int32) {
    if descriptor >= 0 { _ = flock(descriptor, LOCK_EX | LOCK_NB) }
  }

  /// The time after which work that nobody touches may be dead [s]; locks alone do not tell, as some disks have none.
  private static let longestPause = 86_400

  /// Whether another machine's or container's work is this user's, old, and nobody's any more.
  private static func isForgotten(_ path: String) -> Bool {
    let parts = URL(filePath: path).lastPathComponent.dropFirst(prefix.count).split(
      separator: "-", maxSplits: 4, omittingEmptySubsequences: false)
    var status = stat()
    guard parts.count == 5, parts[0] != machine, parts[0].count == 8, parts[0].allSatisfy(\.isHexDigit),
      lstat(path, &status) == 0, status.st_uid == geteuid(),
      [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT),
      time(nil) - status.st_mtim.tv_sec > longestPause
    else { return false }
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0
  }

  /// Eight digits for this host since it was started, and for its process numbers.
  private static let machine: String = {
    let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
    let numbers = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
    return String(SHA256.digest(of: "\(host) \(boot) \(numbers)".utf8).prefix(8))
  }()

  /// When a process began, in ticks since the host was started; `nil` if there is none of this number.
  private static func startTime(of process: Int32) -> String? {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      // The name of the program, in brackets, may hold blanks.
      let end = status.lastIndex(of: ")")
    else { return nil }
    let fields = status[end...].split(separator: " ")
    // The 22nd field, counted from the number of the process; a zombie is gone.
    return fields.count > 20 && fields[1] != "Z" ? String(fields[20]) : nil
  }
}
