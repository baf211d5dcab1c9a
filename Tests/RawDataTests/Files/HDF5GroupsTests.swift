import Foundation
import TestSupport
import Testing

@testable import RawData

/// What leads through the groups of an HDF5 file is checked before libhdf5 follows it.
struct HDF5GroupsTests {
  private let folder: TemporaryDirectory
  private let path: String
  /// A scan in groups of the older kind.
  private let whole: [UInt8]

  init() throws {
    folder = try TemporaryDirectory()
    path = folder.path("scan.h5")
    try SampleScan([(2, 3, 2), (1, 4, 0), (3, 7, 2)]).write(to: path)
    whole = try [UInt8](Data(contentsOf: URL(filePath: path)))
  }

  private func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: path)) }

  /// The file with a number of eight bytes at a place.
  private func with(_ value: UInt64, at place: Int) -> [UInt8] {
    var bytes = whole
    for byte in 0..<8 { bytes[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    return bytes
  }

  private func number(at place: Int) -> UInt64 { whole.little(at: place) }

  private func places(of word: String, followedBy rest: [UInt8] = []) -> [Int] {
    let word = Array(word.utf8) + rest
    return whole.indices.filter { whole[$0] == word[0] && whole[$0...].starts(with: word) }
  }

  /// Demands that a damaged file is refused in our words.
  private func expectRefusal(_ bytes: [UInt8], _ words: String, _ place: String) throws {
    try write(bytes)
    let error = try #require(throws: RawDataError.self, "\(place)") { try MRDFile(at: path) }
    #expect(
      error.kind == .malformed && error.path == path && error.problem.contains(words), "\(place): \(error)")
  }

  @Test("Heaps of names that lie nowhere, are too long, or whose free places lead in circles are refused")
  func heaps() throws {
    let heaps = places(of: "HEAP", followedBy: [0, 0, 0, 0])
    try #require(heaps.count == 2)
    for heap in heaps {
      for address in [UInt64.max, UInt64(whole.count), UInt64.max - 40] {
        try expectRefusal(
          with(address, at: heap + 24), "heap of a group's names", "address \(address)")
      }
      for size in [UInt64(whole.count), .max, 1 << 40] {
        try expectRefusal(with(size, at: heap + 8), "reaches beyond", "size \(size)")
      }
      let size = number(at: heap + 8), free = number(at: heap + 16), data = Int(number(at: heap + 24))
      for head in [0, size - 8, size, .max] {
        try expectRefusal(with(head, at: heap + 16), "free places", "head \(head)")
      }
      // The first free place leads to itself.
      try expectRefusal(with(free, at: data + Int(free)), "free places", "circle")
      var bytes = whole
      for index in data..<data + Int(size) where bytes[index] == 0 { bytes[index] = 0x61 }
      try expectRefusal(bytes, "heap", "names without an end")
      bytes = whole
      bytes[heap] = 0
      try expectRefusal(bytes, "heap of a group's names is not at byte \(heap)", "signature")
    }
  }

  @Test("Trees that lead in circles, and members' names beyond the heap, are refused")
  func trees() throws {
    for tree in places(of: "TREE", followedBy: [0]) {
      // Its first child becomes itself, one level up, two levels up; then nothing.
      var bytes = with(UInt64(tree), at: tree + 32)
      for level: UInt8 in [1, 2, 255] {
        bytes[tree + 5] = level
        try expectRefusal(bytes, "tree of a group's members", "level \(level)")
      }
      for address in [UInt64.max, UInt64(whole.count)] {
        try expectRefusal(with(address, at: tree + 32), "list of a group's members", "child \(address)")
      }
      for key in [24, 40] {
        try expectRefusal(with(1 << 32, at: tree + key), "name lies beyond", "key \(key)")
      }
      bytes = whole
      (bytes[tree + 6], bytes[tree + 7]) = (0xFF, 0xFF)
      try expectRefusal(bytes, "tree of a group's members", "entries")
    }
    for tree in places(of: "TREE", followedBy: [1]) where whole[tree + 6] > 0 {
      // Of chunks, whose key is size, filters, and a place along each axis.
      var bytes = whole
      bytes[tree + 5] = 1
      let axes = 2
      for byte in 0..<8 {
        bytes[tree + 24 + 8 + 8 * axes + byte] = UInt8(truncatingIfNeeded: tree >> (8 * byte))
      }
      try expectRefusal(bytes, "index of a table", "circle")
    }
    for list in places(of: "SNOD", followedBy: [1]) {
      try expectRefusal(with(1 << 20, at: list + 8), "name lies beyond", "name")
      var bytes = whole
      // A symbolic link whose text lies beyond the heap.
      (bytes[list + 24], bytes[list + 34]) = (2, 1)
      try expectRefusal(bytes, "name lies beyond", "link")
      bytes = whole
      bytes[list + 4] = 2
      try expectRefusal(bytes, "list of a group's members is not at byte \(list)", "version")
    }
  }

  @Test("Object headers that go on nowhere, or in circles, are refused")
  func headers() throws {
    // The root group's header holds one message, its tree and heap; a continuation in its place.
    let root = Int(number(at: 64))
    try #require(whole[root] == 1 && whole[root + 16] == 0x11)
    for address in [UInt64.max, UInt64(whole.count), UInt64(root + 16)] {
      var bytes = with(address, at: root + 24)
      bytes[root + 16] = 0x10
      for byte in 0..<8 { bytes[root + 32 + byte] = byte == 0 ? 24 : 0 }
      try expectRefusal(bytes, "object's header", "continuation at \(address)")
    }
    for place in [root + 24, root + 32] {
      try expectRefusal(with(.max, at: place), "has no address", "table")
    }
  }

  @Test(
    "Columns that take no bytes are refused", arguments: ["head", "version", "sample_time_us", "position"])
  func columns(name: String) throws {
    let place = try #require(places(of: name, followedBy: [0]).first)
    // The name is padded to eight bytes; where the column begins follows, then what it is.
    let type = place + (name.utf8.count / 8 + 1) * 8 + 4
    try #require(whole.little(at: type + 4) as UInt32 > 0)
    var bytes = whole
    for byte in 4..<8 { bytes[type + byte] = 0 }
    try expectRefusal(bytes, "a column of a table takes no bytes", name)
  }

  @Test("Types that end beyond their message, or have too many axes, are refused")
  func types() throws {
    let number: [UInt8] = [0x10, 0, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0]
    let array = { (rank: UInt8) -> [UInt8] in
      [0x3A, 0, 0, 0, 4, 0, 0, 0, rank] + Array(repeating: 1, count: 4 * Int(rank)) + number
    }
    // A structure of one member: its name, where it begins and, in the first version, its axes.
    let members = { (version: UInt8, axes: UInt8) -> [UInt8] in
      [version << 4 | 6, 1, 0, 0, 4, 0, 0, 0] + Array("member\0\0".utf8) + [0, 0, 0, 0]
        + (version == 1 ? [axes] + Array(repeating: 0, count: 27) : []) + number
    }
    let sound = [number, array(3), array(32), members(1, 0), members(1, 4), members(2, 0)]
    for type in sound {
      try HDF5Datatype(type)
      try HDF5Datatype(type + [0, 0, 0])
      for length in 0..<type.count {
        #expect(throws: HDF5Damage.self, "\(type.count) bytes cut to \(length)") {
          try HDF5Datatype(Array(type.prefix(length)))
        }
      }
    }
    for type in [array(33), array(255), members(1, 5)] {
      #expect(throws: HDF5Damage.self) { try HDF5Datatype(type) }
    }
    let lists = (0..<40).reduce(number) { type, _ in [0x39, 0, 0, 0, 16, 0, 0, 0] + type }
    #expect(throws: HDF5Damage.self) { try HDF5Datatype(lists) }
    let found = SharedData.packageRoot.appending(path: "Tests/Fuzzing/Corpus/hdf5/name_without_end.h5").path
    let error = try #require(throws: RawDataError.self) { try MRDFile(at: found) }
    #expect(error.problem.contains("column"), "\(error)")
  }

  @Test("Files with addresses of other sizes, or that end before their structures do, are refused")
  func superblocks() throws {
    for (place, size) in [(13, UInt8(4)), (14, 4), (13, 0), (14, 16)] {
      var bytes = whole
      bytes[place] = size
      try write(bytes)
      let error = try #require(throws: RawDataError.self) { try MRDFile(at: path) }
      #expect(error.kind == .unsupported && error.problem.contains("not of 8"), "\(error)")
    }
    // The end that the file states.
    try expectRefusal(with(1400, at: 40), "beyond the 1400 bytes of the file", "end")
    try write(Array(whole.prefix(1400)))
    #expect(try #require(throws: RawDataError.self) { try MRDFile(at: path) }.kind == .truncated)
  }

  @Test("Any damage to what leads through groups is survived")
  func everyByte() throws {
    let length = whole.count
    var places = Set(0..<96)
    for place in self.places(of: "HEAP") { places.formUnion(place..<min(length, place + 56)) }
    for place in self.places(of: "TREE") { places.formUnion(place..<min(length, place + 48)) }
    for place in self.places(of: "SNOD") { places.formUnion(place..<min(length, place + 48)) }
    let root = Int(number(at: 64))
    places.formUnion(root..<root + 40)
    var refused = 0
    for place in places.sorted() {
      var bytes = whole
      bytes[place] = whole[place] == 0xFF ? 1 : 0xFF
      try write(bytes)
      do throws(RawDataError) { _ = try MRDFile(at: path) } catch { refused += 1 }
    }
    #expect(refused > places.count / 3)
  }

  @Test(
    "Sound groups of every kind pass: many members, links, circles of names, user blocks",
    .enabled(if: Python.isAvailable, "\(Python.absence)"),
    arguments: ["libver='earliest'", "libver='v110'", "libver=('v108', 'v110')", "userblock_size=2048"])
  func sound(options: String) throws {
    let other = folder.path("other.h5")
    _ = try Python.run(
      """
      import sys, h5py, numpy as np
      with h5py.File(sys.argv[1]) as f, h5py.File(sys.argv[2], 'w', \(options)) as g:
          rows, xml = f['dataset/data'][:], f['dataset/xml'][0]
          for i in range(700): g.create_group(f'many/member_{i:04d}')
          g['many/again'] = g['many']
          g['many/soft'] = h5py.SoftLink('/many/member_0001')
          g['many/outside'] = h5py.ExternalLink('nowhere.h5', '/x')
          g['dataset/xml'] = np.bytes_(xml)
          g.create_dataset('dataset/data', data=rows, chunks=(1,), maxshape=(None,))
          table = g.create_dataset('table', (9000, 3), 'f4', chunks=(2, 1))
          table[:] = 1
          kinds = [('e', h5py.enum_dtype({'A': 1, 'B': 2}, 'i1')), ('s', h5py.string_dtype()), ('v', h5py.vlen_dtype('f4')),
                   ('a', 'f8', (2, 3)), ('o', 'V5'), ('t', 'S3'), ('r', h5py.ref_dtype), ('c', [('x', 'i2'), ('y', '>f4')])]
          g.create_dataset('kinds', (2,), dtype=np.dtype(kinds))
          g['type'] = np.dtype([('x', 'i2'), ('y', '>f4')])
          g.create_dataset('typed', (2,), dtype=g['type'])
          for i in range(40): table.attrs[f'note_{i}'] = np.zeros(100)
      """, path, other)
    #expect(try MRDFile(at: other, group: "dataset").hexadecimals() == MRDFile(at: path).hexadecimals())
  }
}
