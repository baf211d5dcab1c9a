import Files
import Foundation
import NDArrays
import Synchronization

/// What a study's folder keeps of the work itself, beside its results: who is making what, what became of it and what it took.
///
/// ```
/// .work/claims/<unit>         what is being made, and by whom
/// .work/log/<process>.jsonl   a line for each unit that a process has made or failed to make
/// .work/inputs/<path>.json    checksums of raw files that have not changed since
/// .work/units.json            which units there are
/// ```
///
/// Nothing of it goes into results, which are the same however the work was split.
public struct WorkFolder: Sendable {
  /// The folder's name in that of a study.
  public static let name = ".work"

  /// The folder.
  public let path: String
  /// Who is making what.
  public let claims: ClaimFolder

  /// The work on a study.
  ///
  /// - Parameter study: The study's folder.
  public init(of study: String) {
    path = "\(study)/\(Self.name)"
    claims = ClaimFolder("\(path)/claims")
  }

  /// What became of a unit, and what it took.
  public struct Entry: Sendable, Equatable, Codable {
    /// The unit's name.
    public var unit: String
    /// Why it could not be made; `nil` if it was.
    public var failure: String?
    /// The time of all cores [s].
    public var cpuSeconds: Double
    /// The time from beginning to end [s].
    public var seconds: Double
    /// The largest memory of the process meanwhile [bytes].
    public var memory: Double
    /// The number of threads.
    public var threads: Int
    /// The host.
    public var host: String
    /// When it ended, by the host's clock [s since 1970].
    public var ended: Double
  }

  /// Claims the right to write the study's report.
  ///
  /// - Throws: ``WorkClaim/Busy``, ``FileError``.
  public func claimReport() throws -> WorkClaim {
    try claims.claim("report", of: String(path.dropLast(Self.name.count + 1)))
  }

  /// Claims a unit, or whatever else only one process may make.
  ///
  /// - Throws: ``WorkClaim/Busy``, ``FileError``.
  public func claim(_ unit: String) throws -> WorkClaim {
    try claims.claim(Self.fileName(unit), of: "\(path.dropLast(Self.name.count + 1)): \(unit)")
  }

  private static func fileName(_ unit: String) -> String { unit.replacing("/", with: "+") }

  /// Who is making units now, by their names.
  public var running: [String: WorkClaim.Owner] {
    Dictionary(
      uniqueKeysWithValues: claims.owners.map { ($0.key.replacing("+", with: "/"), $0.value) })
  }

  /// Whether anything of a subject is being made; what a process that is dead has claimed is not.
  func isClaimed(_ subject: String) -> Bool { running.keys.contains { $0.hasPrefix(subject + "/") } }

  /// Makes a unit, and writes down what became of it.
  ///
  /// - Throws: What the closure throws.
  public func keepingAccount<Result>(of unit: String, _ make: () throws -> Result) throws -> Result {
    let before = ProcessUse.now
    ProcessUse.forgetPeak()
    do {
      let result = try make()
      append(Entry(unit, since: before))
      return result
    } catch let error as any StopRequest {
      throw error
    } catch {
      append(Entry(unit, since: before, failure: "\(error)"))
      throw error
    }
  }

  /// Writes down why something could not even be begun.
  func note(_ error: any Error, of unit: String) {
    if !(error is any StopRequest) { append(Entry(unit, since: .now, failure: "\(error)")) }
  }

  /// Adds a line to this process's own file, which nobody else writes to.
  private func append(_ entry: Entry) {
    let folder = "\(path)/log"
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // What cannot be written down is no reason to lose what was made.
    guard let line = try? Data((JSONFile.line(of: entry) + "\n").utf8) else { return }
    let file = open(
      "\(folder)/\(WorkMark.process).jsonl", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
    guard file >= 0 else { return }
    defer { close(file) }
    _ = line.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
  }

  /// What all processes have written down, in no order.
  public var entries: [Entry] {
    let folder = "\(path)/log"
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    return names.flatMap { name in
      // The last line of a process that was killed may be half a line.
      (FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data()).split(
        separator: UInt8(ascii: "\n")
      )
      .compactMap { try? JSONFile.decode(Entry.self, from: $0) }
    }
  }

  /// Why units that are not there are not.
  var reasons: [String: MissingUnit.Reason] {
    var reasons: [String: MissingUnit.Reason] = [:]
    for entry in entries.sorted(by: { $0.ended < $1.ended }) {
      reasons[entry.unit] = entry.failure.map { .failed($0) }
      // A subject of which something could be made can be read by now.
      if entry.failure == nil, let subject = entry.unit.split(separator: "/").first {
        reasons[String(subject)] = nil
      }
    }
    for (unit, owner) in running { reasons[unit] = .running(owner) }
    return reasons
  }

  /// Removes what processes that are gone have left half done in some folders of the study.
  func tidy(_ folders: [String]) {
    claims.removeAbandoned()
    for folder in folders + [path, "\(path)/inputs"] {
      WorkMark.removeAbandoned(in: folder, olderThan: ClaimFolder.patience)
    }
    WorkMark.removeAbandoned(in: FileManager.default.temporaryDirectory.path)
  }

  /// The checksum of a file, from an earlier reading where the file has not changed since.
  ///
  /// A thousand processes that work on one study need not read all its raw data each.
  ///
  /// - Throws: ``FileError`` if the file is missing or cannot be read.
  public func checksum(ofFile path: String) throws(FileError) -> String {
    let url = URL(filePath: path).standardizedFileURL
    let known = "\(self.path)/inputs/\(SHA256.digest(of: Array(url.path.utf8)).prefix(16)).json"
    let state = FileState(path)
    if let state, let earlier: FileState = try? JSONFile.read(known), let checksum = earlier.checksum,
      earlier.isSame(as: state)
    {
      return checksum
    }
    let checksum = try SHA256.digest(ofFile: path)
    // A file that was written just now may change once more within the resolution of its time.
    if var state, FileState(path) == state, Date().timeIntervalSince1970 - state.changed > 5,
      FileManager.default.fileExists(atPath: self.path)
    {
      state.checksum = checksum
      try? FileManager.default.createDirectory(
        atPath: "\(self.path)/inputs", withIntermediateDirectories: true)
      try? JSONFile.write(state, to: known)
    }
    return checksum
  }
}

/// By what a file is taken for the same as before.
private struct FileState: Codable, Equatable {
  var path: String
  var bytes: Int
  var changed: Double
  var checksum: String?

  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.path = URL(filePath: path).standardizedFileURL.path
    bytes = Int(status.st_size)
    // The last change of content or of any of its attributes, which nobody can set back.
    changed = Double(status.st_ctim.tv_sec) + Double(status.st_ctim.tv_nsec) * 1e-9
  }

  func isSame(as other: FileState) -> Bool {
    path == other.path && bytes == other.bytes && abs(changed - other.changed) < 1e-6
  }
}

extension WorkFolder.Entry {
  fileprivate init(_ unit: String, since before: ProcessUse, failure: String? = nil) {
    let now = ProcessUse.now
    self.init(
      unit: unit, failure: failure, cpuSeconds: now.cpu - before.cpu, seconds: now.clock - before.clock,
      memory: ProcessUse.peakMemory, threads: Parallelism.threads, host: WorkMark.host,
      ended: Date().timeIntervalSince1970.rounded())
  }
}

/// What this process has used.
private struct ProcessUse {
  var cpu: Double
  var clock: Double

  /// Itself and the programs that it has run.
  static var now: ProcessUse {
    var own = rusage(), children = rusage()
    getrusage(RUSAGE_SELF.rawValue, &own)
    getrusage(RUSAGE_CHILDREN.rawValue, &children)
    let times = [own.ru_utime, own.ru_stime, children.ru_utime, children.ru_stime]
    return ProcessUse(
      cpu: times.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) * 1e-6 },
      clock: ProcessInfo.processInfo.systemUptime)
  }

  /// The largest memory since ``forgetPeak()`` [bytes]; 0 where the system does not tell.
  static var peakMemory: Double {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(whereSeparator: \.isWhitespace)).flatMap { $0.count > 1 ? Double($0[1]) : nil }
      .map { 1024 * $0 } ?? 0
  }

  /// Begins to look for the largest memory anew, where the system can.
  static func forgetPeak() {
    let file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, "5", 1)
    close(file)
  }
}
