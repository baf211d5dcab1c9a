import Files
import Foundation
import ImageFiles
import MRIData
import NDArrays
import TestSupport
import Testing

@Suite("Files that cannot be used, and files that cannot be written")
struct BadFileTests {
  private let directory: TemporaryDirectory
  private let volume = Scans.counting(Scans.obliques[0], volumes: 3)

  init() throws { directory = try TemporaryDirectory() }

  /// The error that reading a file ends with.
  private func failure(_ name: String, _ content: Data? = nil) throws -> FileError? {
    let path = directory.path(name)
    if let content { try content.write(to: URL(filePath: path)) }
    do {
      _ = try NIfTIFile(at: path).volumes(scaling: .applied)
      return nil
    } catch {
      #expect(error.description.hasPrefix(path + ": "))
      return error
    }
  }

  private func written(_ name: String) throws -> Data {
    try NIfTIFile.write(volume, to: directory.path(name))
    return try Data(contentsOf: URL(filePath: directory.path(name)))
  }

  @Test("Missing, empty, text, folder")
  func noNIfTI() throws {
    #expect(try failure("absent.nii") == .missing(path: directory.path("absent.nii")))
    #expect(
      try failure("empty.nii", Data())
        == .truncated(path: directory.path("empty.nii"), expectedBytes: 348, foundBytes: 0))
    guard case .notNIfTI = try failure("text.nii", Data(String(repeating: "no image ", count: 60).utf8))
    else {
      Issue.record("a text was taken for NIfTI")
      return
    }
    try FileManager.default.createDirectory(
      atPath: directory.path("folder.nii"), withIntermediateDirectories: true)
    guard case .unreadable = try failure("folder.nii") else {
      Issue.record("a folder was taken for a file")
      return
    }
  }

  @Test("A file cut anywhere is refused")
  func truncated() throws {
    let plain = try written("whole.nii")
    #expect(plain.count == 352 + 4 * 3 * Scans.matrix.count)
    #expect(try failure("whole.nii") == nil)
    for length in [1, 347, 348, 352, 353, plain.count - 1] {
      guard case .truncated = try failure("cut.nii", plain.prefix(length)) else {
        Issue.record("\(length) of \(plain.count) bytes were taken for the whole")
        continue
      }
    }
    let packed = try written("whole.nii.gz")
    #expect(try failure("whole.nii.gz") == nil)
    // The last eight bytes are the checksum and the length.
    for length in [11, packed.count / 2, packed.count - 9, packed.count - 8, packed.count - 1] {
      switch try failure("cut.nii.gz", packed.prefix(length)) {
      case .truncated, .unreadable: break
      case let other: Issue.record("\(length) of \(packed.count) bytes gave \(String(describing: other))")
      }
    }
  }

  @Test("Damaged packed data do not pass")
  func damaged() throws {
    let packed = try written("whole.nii.gz")
    for position in stride(from: 12, to: packed.count - 4, by: 97) + [packed.count - 8] {
      var damaged = packed
      damaged[position] ^= 0x10
      #expect(try failure("damaged.nii.gz", damaged) != nil, "byte \(position) of \(packed.count)")
    }
  }

  @Test("Relatives of the format and strange headers")
  func headers() throws {
    let plain = try written("whole.nii")
    func patched(_ offset: Int, _ bytes: [UInt8]) -> Data {
      var data = plain
      data.replaceSubrange(offset..<offset + bytes.count, with: bytes)
      return data
    }
    let unsupported: [(String, Data)] = [
      ("NIfTI-2", patched(0, [0x1C, 2, 0, 0])), ("a pair of files", patched(344, Array("ni1".utf8))),
      ("colours", patched(70, [128, 0])),
    ]
    for (name, data) in unsupported {
      guard case .unsupported = try failure("strange.nii", data) else {
        Issue.record("\(name) were accepted")
        continue
      }
    }
    // No axes, eight axes, an axis without extent, another mark.
    for data in [
      patched(40, [0, 0]), patched(40, [8, 0]), patched(42, [0, 0]), patched(344, Array("n+2".utf8)),
    ] {
      guard case .notNIfTI = try failure("strange.nii", data) else {
        Issue.record("a header without sense was accepted")
        continue
      }
    }
    // 32767^7 and 32767^3 voxels: the header is refused, for no count of voxels may overflow, or before memory is asked for.
    let huge = patched(40, [7, 0] + Array(repeating: [0xFF, 0x7F], count: 7).flatMap(\.self))
    guard case .notNIfTI(_, let reason) = try failure("huge.nii", huge), reason.contains("32767 x 32767")
    else {
      Issue.record("a header that asks for everything was accepted")
      return
    }
    let large = patched(40, [3, 0] + Array(repeating: [0xFF, 0x7F], count: 3).flatMap(\.self))
    guard case .truncated = try failure("large.nii", large) else {
      Issue.record("a header that asks for more than its file has was accepted")
      return
    }
    let noSpacing = patched(76, Array(repeating: 0, count: 16)).replacing(252..<256, with: [0, 0, 0, 0])
    guard case .malformed = try failure("flat.nii", noSpacing) else {
      Issue.record("voxels without a size were accepted")
      return
    }
  }

  @Test("A failed write leaves nothing behind and the old file as it was")
  func atomic() throws {
    struct Interruption: Error {}
    let path = directory.path("file.txt")
    try AtomicFile.write(to: path) { try "old".write(toFile: $0, atomically: false, encoding: .utf8) }
    #expect(throws: Interruption.self) {
      try AtomicFile.write(to: path) { temporaryPath in
        try "half".write(toFile: temporaryPath, atomically: false, encoding: .utf8)
        throw Interruption()
      }
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path) == ["file.txt"])
    try AtomicFile.write(to: path) { try "new".write(toFile: $0, atomically: false, encoding: .utf8) }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "new")
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path) == ["file.txt"])
  }

  @Test("Places where nothing can be written")
  func unwritable() throws {
    let folder = directory.path("taken.nii.gz")
    try FileManager.default.createDirectory(atPath: folder + "/inside", withIntermediateDirectories: true)
    for path in [directory.path("absent/image.nii"), folder] {
      #expect(throws: FileError.self) { try NIfTIFile.write(volume, to: path) }
      #expect(throws: FileError.self) {
        try PNGFile.write(NDArray(repeating: 0, shape: [2, 2]), to: path)
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path) == ["taken.nii.gz"])
  }

  @Test("A sparse file of terabytes is refused before it is read")
  func sparse() throws {
    var header = try written("head.nii").prefix(352)
    for (index, extent) in [3, 32767, 32767, 2500].enumerated() {
      header.replaceSubrange(
        40 + 2 * index..<42 + 2 * index, with: withUnsafeBytes(of: Int16(extent).littleEndian) { Data($0) })
    }
    let path = directory.path("sparse.nii")
    try Data(header).write(to: URL(filePath: path))
    // Not every file system holds such a file.
    guard truncate(path, off_t(352 + 32767 * 32767 * 2500 * 4)) == 0 else { return }
    guard case .tooLarge = try failure("sparse.nii") else {
      Issue.record("a file of 10 TB was read")
      return
    }
  }

  @Test("A pipe that nobody writes to is refused, not waited for")
  func pipe() throws {
    #expect(mkfifo(directory.path("pipe.nii"), 0o600) == 0)
    guard case .unreadable(_, let reason) = try failure("pipe.nii") else {
      Issue.record("a pipe was taken for a file")
      return
    }
    #expect(reason.contains("pipe"))
  }

  @Test("A file on another grid is refused by its header, before its voxels are read")
  func place() throws {
    let packed = try written("whole.nii.gz")
    let path = directory.path("cut.nii.gz")
    try packed.dropLast(8).write(to: URL(filePath: path))
    let file = try NIfTIFile(at: path), grid = file.geometry
    #expect(throws: FileError.self) {
      try file.volumes(on: grid, "mask", like: "the phase", ignoringAffine: false)
    }
    let other = Geometry(
      matrix: Extents(x: grid.matrix.x + 1, y: grid.matrix.y, z: grid.matrix.z), voxelSize: grid.voxelSize)
    #expect(throws: InputError.self) {
      try file.volumes(on: other, "mask", like: "the phase", ignoringAffine: false)
    }
  }
}

extension Data {
  fileprivate func replacing(_ range: Range<Int>, with bytes: [UInt8]) -> Data {
    var copy = self
    copy.replaceSubrange(range, with: bytes)
    return copy
  }
}
