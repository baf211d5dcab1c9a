import Foundation
import TestSupport
import Testing

@testable import Files

struct AtomicFolderTests {
  private let folder: TemporaryDirectory
  private let kind = AtomicFolder.Kind(marker: "record.json") { ["record.json", "image"].contains($0) }

  init() throws { folder = try TemporaryDirectory() }

  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() }
  }

  private func write(_ text: String, replacing: Bool = false) throws {
    let results = try AtomicFolder(folder.path("out"), kind: kind, replacing: replacing)
    try AtomicFile.write(text, to: results.temporaryPath + "/record.json")
    try results.commit()
  }

  private func text() throws -> String {
    try String(contentsOfFile: folder.path("out/record.json"), encoding: .utf8)
  }

  @Test func `A folder appears when it is whole, and is replaced when that is allowed`() throws {
    do {
      let unfinished = try AtomicFolder(folder.path("out"), kind: kind)
      try AtomicFile.write("half", to: unfinished.temporaryPath + "/record.json")
      let names = try names
      #expect(names.count == 1 && names[0].hasPrefix(".partial-"))
    }
    #expect(try names.isEmpty)
    try write("first")
    #expect(try text() == "first")
    #expect(try names == ["out"])
    #expect(throws: InputError.self) { try write("second") }
    #expect(try text() == "first")
    try write("second", replacing: true)
    #expect(try text() == "second")
    #expect(try names == ["out"])
  }

  @Test func `Folders of something else, links and inputs are never replaced`() throws {
    try write("first")
    try AtomicFile.write("mine", to: folder.path("out/notes.txt"))
    #expect(throws: InputError.self) { try write("second", replacing: true) }
    let link = folder.path("link")
    try FileManager.default.createDirectory(atPath: folder.path("empty"), withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path("empty"))
    #expect(throws: InputError.self) { try AtomicFolder(link, kind: kind, replacing: true) }
    #expect(throws: InputError.self) {
      try AtomicFolder(
        folder.path("empty"), kind: kind, replacing: true, inputs: [folder.path("empty/scan.h5")])
    }
  }

  @Test func `What a dead process left is removed, and a living one's work is not`() throws {
    let living = WorkMark.name(for: "out")
    var parts = living.split(separator: "-").map(String.init)
    parts[3] = "1"  // The start of another process of this number.
    let dead = parts.joined(separator: "-")
    parts[1] = "00000000"
    let elsewhere = parts.joined(separator: "-")
    for name in [living, dead, elsewhere, ".partial-mine"] {
      try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
    }
    #expect(WorkMark.isAbandoned(dead) && !WorkMark.isAbandoned(living) && !WorkMark.isAbandoned(elsewhere))
    try write("first")
    #expect(try names == [living, elsewhere, ".partial-mine", "out"].sorted())
  }

  @Test func `What another machine left is removed when it is old and nobody's`() throws {
    let mark = ".partial-01234567-1-1-ABCDEF01-"
    let (old, held, young) = (
      folder.path(mark + "old"), folder.path(mark + "held"), folder.path(mark + "young")
    )
    let tree = folder.path(mark + "tree")
    for name in [old, held, young] { try Data("x".utf8).write(to: URL(filePath: name)) }
    try FileManager.default.createDirectory(atPath: tree, withIntermediateDirectories: false)
    try Data("x".utf8).write(to: URL(filePath: tree + "/inner"))
    let descriptor = open(held, O_RDWR | O_CLOEXEC)
    defer { close(descriptor) }
    WorkMark.hold(descriptor)
    let before = timeval(tv_sec: time(nil) - 100_000, tv_usec: 0)
    for name in [old, held, tree] { #expect(utimes(name, [before, before]) == 0) }
    try AtomicFile.write("text", to: folder.path("out"))
    #expect(try names == [mark + "held", mark + "young", "out"])
  }

  @Test func `A file takes the place of the file behind a link, and of nothing else`() throws {
    let target = folder.path("target"), link = folder.path("link")
    try AtomicFile.write("old", to: target)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
    try AtomicFile.write("new", to: link)
    #expect(try String(contentsOfFile: target, encoding: .utf8) == "new")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
    try FileManager.default.createDirectory(atPath: folder.path("inner"), withIntermediateDirectories: false)
    let error = #expect(throws: FileError.self) { try AtomicFile.write("text", to: folder.path("inner")) }
    #expect(error?.description.contains("this is a folder") == true)
    #expect(try names == ["inner", "link", "target"])
  }

  @Test func `A file does not replace a pipe`() throws {
    let pipe = folder.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(throws: FileError.self) { try AtomicFile.write("text", to: pipe) }
    #expect(throws: InputError.self) { try OutputPath.check(pipe, replacing: true) }
    var status = stat()
    #expect(stat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
  }
}
