/// Walks through the groups of an HDF5 file, and the indexes of its tables, before libhdf5 does.
///
/// libhdf5 1.10 follows addresses that stand for none, walks in circles, and compares names beyond their heaps.
/// Everything is visited once, without recursion. Left to the library are structures that it guards by checksums: the
/// fractal heaps of groups with many members, and the newer indexes of chunks.
///
/// - SeeAlso: HDF5 File Format Specification 3.0, https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html.
struct HDF5Groups {
  /// A group of the older kind: a tree of its members, and the heap of their names.
  struct Table: Hashable {
    let tree: UInt64
    let heap: UInt64
  }

  private var metadata: HDF5Metadata
  private var headers: [UInt64] = []
  private var tables: [Table] = []
  private var seenHeaders: Set<UInt64> = []
  private var seenTables: Set<Table> = []

  /// Checks a file; one without a superblock that is known is left to the library.
  ///
  /// - Throws: ``RawDataError`` of kind `malformed`, `truncated`, `unsupported` or, while another program writes it,
  ///   `unreadable`.
  static func check(_ file: InputFile) throws(RawDataError) {
    guard let base = try FileKind.hdf5Start(in: file),
      let superblock = HDF5Superblock(try file.bytes(at: base, upTo: HDF5Superblock.longest))
    else { return }
    guard superblock.addressSize == 8, superblock.lengthSize == 8 else {
      throw RawDataError(
        .unsupported, in: file.path,
        "the HDF5 file has addresses of \(superblock.addressSize) bytes and lengths of \(superblock.lengthSize), not of 8",
        remedy: "Copy the file again, or convert the scan again with the usual sizes")
    }
    var groups = HDF5Groups(metadata: HDF5Metadata(file, base: base, length: superblock.length))
    groups.headers = superblock.headers
    do throws(HDF5Damage) {
      try groups.walk()
    } catch {
      if superblock.isBeingWritten { throw HDF5Layout.isBeingWritten(file.path) }
      let isTruncated = superblock.length > file.size - base
      throw RawDataError(
        isTruncated ? .truncated : .malformed, in: file.path,
        isTruncated
          ? "the HDF5 file has \(file.size - base) of \(superblock.length) bytes"
          : "the HDF5 file is damaged: \(error.problem)",
        remedy: isTruncated
          ? "It may not have been copied in whole, or its writer may still be at work; copy it again"
          : "Copy the file again or convert the scan again")
    }
  }

  private init(metadata: HDF5Metadata) { self.metadata = metadata }

  private mutating func walk() throws(HDF5Damage) {
    while true {
      if let table = tables.popLast() {
        if seenTables.insert(table).inserted { try take(table) }
      } else if let address = headers.popLast() {
        guard seenHeaders.insert(address).inserted else { continue }
        for message in try HDF5ObjectHeader(at: address, in: &metadata).messages { try take(message) }
      } else {
        return
      }
    }
  }

  private mutating func take(_ message: HDF5ObjectHeader.Message) throws(HDF5Damage) {
    let content = message.content
    func demand(_ count: Int) throws(HDF5Damage) {
      guard content.count >= count else { throw HDF5Damage("a message of an object's header is cut short") }
    }
    if message.isShared {
      // A type that has a header of its own; others lie in heaps, which is the library's to explain.
      guard content.count >= 10, let version = content.first else {
        throw HDF5Damage("a message of an object's header is cut short")
      }
      let place = version == 1 ? 8 : 2
      guard version < 3 || content[1] == 2 else { return }
      try demand(place + 8)
      headers.append(content.little(at: place))
      return
    }
    switch message.kind {
    case 0x02:
      // Members in a fractal heap, and the tree of their names.
      try demand(2)
      let place = content[1] & 1 != 0 ? 10 : 2
      try demand(place + 16)
      let heap: UInt64 = content.little(at: place), names: UInt64 = content.little(at: place + 8)
      guard heap != HDF5Metadata.nowhere else { return }
      for address in [heap, names] {
        _ = try metadata.bytes(at: address, count: 4, of: "the list of a group's members")
      }
    case 0x03: try HDF5Datatype(content)
    case 0x06:
      try demand(2)
      let flags = content[1], width = 1 << Int(flags & 3)
      let hasKind = flags & 8 != 0
      let place = 2 + (hasKind ? 1 : 0) + (flags & 4 != 0 ? 8 : 0) + (flags & 0x10 != 0 ? 1 : 0)
      try demand(place + width)
      let length = HDF5ObjectHeader.number(width, in: content, at: place)
      let end = Int(clamping: length).addingReportingOverflow(place + width)
      let isHard = !hasKind || content[2] == 0
      guard !end.overflow, end.partialValue <= content.count - (isHard ? 8 : 2) else {
        throw HDF5Damage("the name of a group's member lies beyond the object's header")
      }
      if isHard { headers.append(content.little(at: end.partialValue)) }
    case 0x08:
      try takeLayout(content)
    case 0x11:
      try demand(16)
      tables.append(Table(tree: content.little(at: 0), heap: content.little(at: 8)))
    default: break
    }
  }

  /// Follows the index of a table that lies in chunks.
  private mutating func takeLayout(_ content: [UInt8]) throws(HDF5Damage) {
    guard let version = content.first, 1...3 ~= version else { return }
    // Class, number of axes, address of the index, extents of a chunk.
    let (kind, axes, address) = version == 3 ? (1, 2, 3) : (2, 1, 8)
    guard content.count > kind else { throw HDF5Damage("the layout of a table is cut short") }
    guard content[kind] == 2 else { return }
    guard content.count > axes, content.count >= address + 8 + 4 * Int(content[axes]) else {
      throw HDF5Damage("the layout of a table is cut short")
    }
    let rank = Int(content[axes])
    guard (0..<rank).allSatisfy({ content.little(at: address + 8 + 4 * $0) as UInt32 > 0 }) else {
      throw HDF5Damage("the chunks of a table have no extent")
    }
    let root: UInt64 = content.little(at: address)
    guard root != HDF5Metadata.nowhere else { return }
    _ = try leaves(ofTreeAt: root, kind: 1, keySize: 8 + 8 * rank)
  }

  private mutating func take(_ table: Table) throws(HDF5Damage) {
    let heap = try HDF5LocalHeap(at: table.heap, in: &metadata)
    let (nodes, names) = try leaves(ofTreeAt: table.tree, kind: 0, keySize: 8)
    for name in names { try heap.check(name) }
    for node in nodes {
      let head = try metadata.bytes(at: node, count: 8, of: "a list of a group's members")
      guard head.starts(with: Array("SNOD".utf8)), head[4] == 1 else {
        throw HDF5Damage("a list of a group's members is not at byte \(node), where it is said to be")
      }
      let count: UInt16 = head.little(at: 6)
      let entries = try metadata.bytes(
        at: node + 8, count: UInt64(count) * 40, of: "a list of a group's members")
      for entry in stride(from: 0, to: entries.count, by: 40) {
        try heap.check(entries.little(at: entry))
        // What else an entry may hold, the tree and heap of a member, is not used for reading.
        if entries.little(at: entry + 16) as UInt32 == 2 {
          try heap.check(UInt64(entries.little(at: entry + 24) as UInt32))
        } else {
          headers.append(entries.little(at: entry + 8))
        }
      }
    }
  }

  /// The places to which the lowest nodes of a tree lead, each once, and the names that part them, both of groups alone.
  ///
  /// - SeeAlso: HDF5 File Format Specification 3.0, section III.A.1 "Disk Format: Level 1A1 - Version 1 B-trees".
  private mutating func leaves(
    ofTreeAt root: UInt64, kind: UInt8, keySize: Int
  ) throws(HDF5Damage) -> (leaves: [UInt64], names: [UInt64]) {
    let what = kind == 0 ? "a tree of a group's members" : "the index of a table"
    var leaves: [UInt64] = [], names: [UInt64] = []
    var nodes: [(address: UInt64, level: UInt8?)] = [(root, nil)]
    var seen: Set<UInt64> = []
    while let (address, expected) = nodes.popLast() {
      let head = try metadata.bytes(at: address, count: 24, of: what)
      guard seen.insert(address).inserted else { throw HDF5Damage("\(what) leads to byte \(address) twice") }
      let level = head[5]
      guard head.starts(with: Array("TREE".utf8)), head[4] == kind, level == expected ?? level else {
        throw HDF5Damage("a node of \(what) is not at byte \(address), where it is said to be")
      }
      let count = Int(head.little(at: 6) as UInt16)
      guard count > 0, level > 0 || kind == 0 else { continue }
      let entries = try metadata.bytes(
        at: address + 24, count: UInt64(count * (keySize + 8) + keySize), of: what)
      for index in 0...count {
        let place = index * (keySize + 8)
        if kind == 0 { names.append(entries.little(at: place)) }
        guard index < count else { break }
        let child: UInt64 = entries.little(at: place + keySize)
        if level > 0 {
          nodes.append((child, level - 1))
        } else {
          guard seen.insert(child).inserted else { throw HDF5Damage("\(what) leads to byte \(child) twice") }
          leaves.append(child)
        }
      }
    }
    return (leaves, names)
  }
}
