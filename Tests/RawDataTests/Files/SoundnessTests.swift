import CHDF5
import Foundation
import MRIData
import Numerics
import TestSupport
import Testing

@testable import RawData

/// Damage that ends libhdf5, or never ends it, is found before it sees the file.
struct SoundnessTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  /// The places of a word in a file.
  private func places(of word: [UInt8], in bytes: [UInt8]) -> [Int] {
    bytes.indices.filter { bytes[$0] == word[0] && bytes[$0...].starts(with: word) }
  }

  private func readAll(_ path: String) throws(RawDataError) {
    let file = try MRDFile(at: path)
    try file.forEachReadout(Array(file.acquisitions.indices)) { _, _ throws(RawDataError) in }
    for index in file.acquisitions.indices { _ = try file.trajectory(ofReadout: index) }
  }

  private func scan() throws -> (path: String, bytes: [UInt8]) {
    let path = folder.path("scan.h5")
    try SampleScan([(2, 3, 2), (1, 4, 0), (3, 7, 2)]).write(to: path)
    return (path, try [UInt8](Data(contentsOf: URL(filePath: path))))
  }

  @Test(
    "Heap objects of impossible sizes are refused by the name of the file",
    arguments: [0, 8, UInt64.max - 15, 1 << 40, UInt64(bitPattern: Int64.min)])
  func heaps(size: UInt64) throws {
    let (path, whole) = try scan()
    let collections = places(of: Array("GCOL".utf8), in: whole)
    #expect(!collections.isEmpty)
    try readAll(path)
    for collection in collections {
      // The number of the first object is made that of free space, or kept.
      for number in [0, whole[collection + 16]] {
        var bytes = whole
        bytes[collection + 16] = number
        for byte in 0..<8 { bytes[collection + 24 + byte] = UInt8(truncatingIfNeeded: size >> (8 * byte)) }
        try Data(bytes).write(to: URL(filePath: path))
        let error = try #require(throws: RawDataError.self) { try readAll(path) }
        #expect(error.kind == .malformed && error.path == path)
      }
    }
  }

  @Test("References to objects that are not there, or of another length than they say, are refused")
  func references() throws {
    let (path, whole) = try scan()
    var count = 0
    for collection in places(of: Array("GCOL".utf8), in: whole) {
      // A reference: its count, the collection's address, the object's number.
      let address = (0..<8).map { UInt8(truncatingIfNeeded: collection >> (8 * $0)) }
      for place in places(of: address, in: whole) where place >= 4 {
        guard whole[place - 4] > 1, whole[place - 3..<place] == [0, 0, 0], whole[place + 8] > 0 else {
          continue
        }
        count += 1
        for (offset, value) in [(8, UInt8(0xEE)), (9, 0xA7), (11, 0x7F), (-4, 1), (-1, 1)] {
          var bytes = whole
          bytes[place + offset] = value
          try Data(bytes).write(to: URL(filePath: path))
          let error = try #require(throws: RawDataError.self, "\(offset)") { try readAll(path) }
          #expect(
            error.kind == .malformed && error.path == path && error.problem.contains("heap"), "\(error)")
        }
      }
    }
    #expect(count > 2)
  }

  @Test("Chunks that claim other sizes than their rows take are refused", arguments: [62, 0x7F00_0000, -1])
  func chunks(change: Int32) throws {
    let (path, whole) = try scan()
    var count = 0
    // A node of chunks: signature, kind 1, level, entries, neighbours; then the size of the first.
    for place in places(of: Array("TREE".utf8) + [1, 0], in: whole) where whole[place + 6] > 0 {
      count += 1
      var bytes = whole
      let size = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[place + 24 + $1]) << (8 * $1) }
      let wrong = size &+ UInt32(bitPattern: change)
      for byte in 0..<4 { bytes[place + 24 + byte] = UInt8(truncatingIfNeeded: wrong >> (8 * byte)) }
      try Data(bytes).write(to: URL(filePath: path))
      let error = try #require(throws: RawDataError.self) { try readAll(path) }
      #expect(error.kind == .malformed && error.path == path)
    }
    #expect(count > 0)
  }

  @Test(
    "Heaps behind compressed rows are checked as others are",
    .enabled(if: Python.isAvailable, "\(Python.absence)"),
    arguments: ["compression='gzip'", "compression='gzip', shuffle=True, fletcher32=True", "userblock"])
  func packed(options: String) throws {
    let path = folder.path("packed.h5"), ours = try scan().path
    _ = try Python.run(
      """
      import sys, h5py, numpy as np
      options, block = sys.argv[3], 512 if sys.argv[3] == 'userblock' else None
      with h5py.File(sys.argv[1]) as f, h5py.File(sys.argv[2], 'w', userblock_size=block) as g:
          g['dataset/xml'] = np.bytes_(f['dataset/xml'][0])
          more = {} if block else eval(f'dict({options})')
          g.create_dataset('dataset/data', data=f['dataset/data'][:], chunks=(2,), **more)
      """, ours, path, options)
    try readAll(path)
    let whole = try [UInt8](Data(contentsOf: URL(filePath: path)))
    let collection = try #require(places(of: Array("GCOL".utf8), in: whole).first)
    // The size of the first object, and its number.
    for (place, value) in [(collection + 29, UInt8(1)), (collection + 24, 255), (collection + 16, 99)] {
      var bytes = whole
      bytes[place] = value
      try Data(bytes).write(to: URL(filePath: path))
      let error = try #require(throws: RawDataError.self) { try readAll(path) }
      #expect(error.problem.contains("heap"), "\(error)")
    }
  }

  @Test(
    "Tables that cannot be checked are refused", .enabled(if: Python.isAvailable, "\(Python.absence)"),
    arguments: ["compression='lzf'"])
  func unchecked(options: String) throws {
    let path = folder.path("other.h5"), ours = try scan().path
    _ = try Python.run(
      """
      import sys, os, h5py, numpy as np
      os.chdir(os.path.dirname(sys.argv[2]))
      with h5py.File(sys.argv[1]) as f, h5py.File(sys.argv[2], 'w') as g:
          g['dataset/xml'] = np.bytes_(f['dataset/xml'][0])
          g.create_dataset('dataset/data', data=f['dataset/data'][:], \(options))
      """, ours, path)
    let error = try #require(throws: RawDataError.self) { try MRDFile(at: path) }
    #expect(error.kind == .unsupported && error.problem.contains("other files"), "\(error)")
  }

  @Test("A text of which less is stored than it takes is refused")
  func compact() throws {
    let corpus = SharedData.packageRoot.appending(path: "Tests/Fuzzing/Corpus/hdf5/compact.h5").path
    let error = try #require(throws: RawDataError.self) { try MRDFile(at: corpus) }
    #expect(error.kind == .malformed && error.problem.contains("index gives it another size"), "\(error)")
  }

  @Test("A column that lies beyond its row is refused")
  func types() throws {
    let (path, whole) = try scan()
    let name = Array("number_of_samples\0".utf8)
    let found = places(of: name, in: whole)
    #expect(!found.isEmpty)
    for place in found {
      var bytes = whole
      // The name takes a multiple of eight bytes; its place in the row follows.
      for byte in 0..<4 { bytes[place + 24 + byte] = byte == 3 ? 0x7F : 0xFF }
      try Data(bytes).write(to: URL(filePath: path))
      let error = try #require(throws: RawDataError.self) { try readAll(path) }
      #expect(error.problem.contains("type"), "\(error)")
    }
  }

  @Test("Tables and texts that claim more than the file holds are refused before anything is reserved")
  func claims() throws {
    let path = folder.path("claims.h5")
    func write(_ rows: UInt64, textSize: Int) throws {
      try? FileManager.default.removeItem(atPath: path)
      let isWritten = HDF5.exclusively {
        var chunk: hsize_t = 1, one: hsize_t = 1, count: hsize_t = rows
        guard let file = HDF5Object(H5Fcreate(path, kst_h5f_acc_trunc(), 0, 0), H5Fclose),
          let group = HDF5Object(H5Gcreate2(file.id, "dataset", 0, 0, 0), H5Gclose),
          let properties = HDF5Object(H5Pcreate(kst_h5p_dataset_create()), H5Pclose),
          H5Pset_chunk(properties.id, 1, &chunk) >= 0,
          let text = HDF5Object(H5Tcopy(kst_h5t_c_s1()), H5Tclose), H5Tset_size(text.id, textSize) >= 0,
          let single = HDF5Object(H5Screate_simple(1, &one, nil), H5Sclose), let row = HDF5Types.row(),
          let table = HDF5Object(H5Screate_simple(1, &count, nil), H5Sclose),
          let xml = HDF5Object(
            H5Dcreate2(group.id, "xml", text.id, single.id, 0, properties.id, 0), H5Dclose),
          let data = HDF5Object(
            H5Dcreate2(group.id, "data", row.id, table.id, 0, properties.id, 0), H5Dclose)
        else { return false }
        return xml.id >= 0 && data.id >= 0
      }
      try #require(isWritten)
    }
    try write(1 << 33, textSize: 8)
    #expect(try #require(throws: RawDataError.self) { try MRDFile(at: path) }.problem.contains("readouts"))
    try write(1, textSize: 1 << 30)
    #expect(try #require(throws: RawDataError.self) { try MRDFile(at: path) }.problem.contains("XML header"))
  }

  @Test("The sizes of an image message overflow nothing")
  func imageMessage() throws {
    let xml = Array("<ismrmrdHeader/>".utf8)
    func number<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
      withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
    var image = [UInt8](repeating: 0, count: 198)
    for (offset, value) in [(2, 6), (16, 54161), (18, 49981), (20, 24583), (34, 17325)] {
      image.replaceSubrange(offset..<offset + 2, with: number(UInt16(value)))
    }
    let path = folder.path("image.mrd")
    let stream =
      number(UInt16(3)) + number(UInt32(xml.count)) + xml + number(UInt16(1022)) + image + number(UInt64(18))
      + [UInt8](repeating: 0, count: 1008)
    try Data(stream).write(to: URL(filePath: path))
    #expect(try #require(throws: RawDataError.self) { try MRDFile(at: path) }.kind == .truncated)
  }

  @Test("Equal scans make equal files")
  func equalBytes() throws {
    let (path, first) = try scan()
    Thread.sleep(forTimeInterval: 1.1)
    try FileManager.default.removeItem(atPath: path)
    #expect(try scan().bytes == first)
  }
}

/// Outputs take nobody's place but that of an earlier output, and leave nothing behind.
struct OutputFileTests {
  private let folder: TemporaryDirectory

  init() throws { folder = try TemporaryDirectory() }

  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() }
  }

  @Test("Pipes, folders and links that lead nowhere are refused, and stay")
  func special() throws {
    let pipe = folder.path("pipe"), link = folder.path("link"), inner = folder.path("folder")
    #expect(mkfifo(pipe, 0o600) == 0)
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path("nowhere"))
    try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: false)
    let before = try names
    for (path, word) in [
      (pipe, "named pipe"), (link, "link"), (inner, "folder"), ("/dev/null", "device node"),
    ] {
      // A link to nothing names a file that is yet to be.
      guard path != link else { continue }
      let error = try #require(throws: RawDataError.self) { try OutputFile(at: path) }
      #expect(error.problem.contains(word))
    }
    #expect(try names == before)
  }

  @Test("A link to a file stays a link")
  func link() throws {
    let file = folder.path("file"), link = folder.path("link")
    try Data("old".utf8).write(to: URL(filePath: file))
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
    let output = try OutputFile(at: link)
    try Data("new".utf8).write(to: URL(filePath: output.partialPath))
    try output.commit()
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "new")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == file)
  }

  @Test("What a killed process left is removed by the next one, what a live one writes is not")
  func leftovers() throws {
    let path = folder.path("scan.h5")
    let live = try OutputFile(at: path)
    // The same, of another start of a process of this number, and of another machine.
    var parts = URL(filePath: live.partialPath).lastPathComponent.split(separator: "-").map(String.init)
    parts[3] = "1"
    let dead = parts.joined(separator: "-")
    parts[1] = "01234567"
    let elsewhere = parts.joined(separator: "-"), foreign = ".scan.h5.notes.partial"
    // A process tidies a folder once, when it first writes there.
    let other = try TemporaryDirectory(), own = URL(filePath: live.partialPath).lastPathComponent
    for name in [dead, elsewhere, foreign, own] {
      try Data("x".utf8).write(to: URL(filePath: other.path(name)))
    }
    let next = try OutputFile(at: other.path("scan.h5"))
    let left = Set(try FileManager.default.contentsOfDirectory(atPath: other.url.path))
    #expect(!left.contains(dead) && left.isSuperset(of: [elsewhere, foreign, own]))
    try next.commit()
  }
}

/// What comes through a pipe is kept without a name.
struct SpoolTests {
  @Test("A pipe that cannot be raw data is refused at once")
  func endless() throws {
    let error = try #require(throws: RawDataError.self) { try InputFile(at: "/dev/zero") }
    #expect(error.problem.contains("neither"))
  }

  @Test("Beginnings are told as whole files are")
  func prefixes() {
    let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    let rest = [UInt8](repeating: 0, count: 4096)
    #expect(FileKind(prefix: signature + rest) == .hdf5)
    #expect(FileKind(prefix: Array(rest[..<1024]) + signature + rest) == .hdf5)
    #expect(FileKind(prefix: [3, 0] + rest) == .stream)
    guard case .other = FileKind(prefix: rest) else {
      Issue.record("zeros are no raw data")
      return
    }
  }
}
