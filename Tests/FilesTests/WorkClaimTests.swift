import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Files

struct WorkClaimTests {
  private let folder: TemporaryDirectory
  private let claims: ClaimFolder

  init() throws {
    folder = try TemporaryDirectory()
    claims = ClaimFolder(folder.path("claims"))
  }

  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: claims.path).sorted() }
  }

  /// Writes a claim of somebody else.
  ///
  /// - Parameters:
  ///   - mark: Tells the process.
  ///   - age: How long ago it was touched last [s].
  private func leave(_ name: String, mark: String, age: Double) throws {
    try FileManager.default.createDirectory(atPath: claims.path, withIntermediateDirectories: true)
    let owner = WorkClaim.Owner(mark: mark, host: "elsewhere", process: 7, since: 0)
    let path = "\(claims.path)/\(name)"
    try JSONEncoder().encode(owner).write(to: URL(filePath: path))
    try FileManager.default.setAttributes([.modificationDate: Date() - age], ofItemAtPath: path)
  }

  /// The mark of a process that has this one's number, and another start or another machine.
  private func mark(machine: String? = nil) -> String {
    var parts = WorkMark.name(for: "unit").split(separator: "-").map(String.init)
    if let machine { parts[1] = machine } else { parts[3] = "1" }
    return parts.joined(separator: "-")
  }

  @Test func `A claim is one process's until it is given back, and leaves nothing`() throws {
    do {
      let claim = try claims.claim("unit", of: "the unit")
      let other = try claims.claim("another", of: "another")
      let error = #expect(throws: WorkClaim.Busy.self) { try claims.claim("unit", of: "the unit") }
      #expect(error?.place == "the unit" && error?.owner.process == getpid())
      #expect(claims.owners.keys.sorted() == ["another", "unit"])
      other.release()
      _ = claim
    }
    #expect(try names.isEmpty)
    try claims.claim("unit", of: "the unit").release()
    #expect(try names.isEmpty)
  }

  @Test func `A claim of a dead process of this machine is free at once`() throws {
    try leave("unit", mark: mark(), age: 0)
    #expect(claims.owners.isEmpty)
    let claim = try claims.claim("unit", of: "the unit")
    #expect(claims.owners["unit"]?.process == getpid())
    #expect(try names == ["unit"])
    claim.release()
  }

  @Test(arguments: [-60.0, 0, 60, ClaimFolder.patience - 5])
  func `A claim of another machine stands while it is touched, by clocks that are off by a minute`(
    age: Double
  ) throws {
    try leave("unit", mark: mark(machine: "00000000"), age: age)
    #expect(throws: WorkClaim.Busy.self) { try claims.claim("unit", of: "the unit") }
    #expect(claims.owners.count == 1)
    claims.removeAbandoned()
    #expect(try names == ["unit"])
  }

  @Test func `A claim of another machine that is not touched any more is taken over`() throws {
    try leave("unit", mark: mark(machine: "00000000"), age: ClaimFolder.patience + 5)
    try leave("gone", mark: mark(machine: "00000000"), age: ClaimFolder.patience + 5)
    let claim = try claims.claim("unit", of: "the unit")
    claims.removeAbandoned()
    #expect(try names == ["unit"])
    claim.release()
  }

  @Test func `A claim that somebody else has taken over is not given back`() throws {
    let claim = try claims.claim("unit", of: "the unit")
    try leave("unit", mark: mark(machine: "00000000"), age: 0)
    claim.release()
    #expect(try names == ["unit"])
  }

  @Test(arguments: [false, true])
  func `Of many who want a claim at once, one gets it`(isAbandoned: Bool) throws {
    for round in 0..<50 {
      if isAbandoned { try leave("unit \(round)", mark: mark(), age: 0) }
      let won = Mutex<[WorkClaim]>([])
      DispatchQueue.concurrentPerform(iterations: 8) { _ in
        if let claim = try? claims.claim("unit \(round)", of: "the unit") {
          won.withLock { $0.append(claim) }
        }
      }
      #expect(won.withLock(\.count) == 1)
      won.withLock { $0 = [] }
    }
    #expect(try names.isEmpty)
  }

  @Test func `A place where nothing can be written is told`() throws {
    try AtomicFile.write("a file", to: folder.path("file"))
    #expect(throws: FileError.self) {
      try ClaimFolder(folder.path("file/claims")).claim("unit", of: "the unit")
    }
  }
}
