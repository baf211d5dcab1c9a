/// The messages of an HDF5 object's header, its continuations included: what the object is, and where its parts lie.
///
/// - SeeAlso: HDF5 File Format Specification 3.0, section IV.A "Disk Format: Level 2A - Data Object Headers".
struct HDF5ObjectHeader {
  struct Message {
    let kind: Int
    /// Whether the content says where the message lies, rather than being it.
    let isShared: Bool
    let content: [UInt8]
  }

  private(set) var messages: [Message] = []

  /// Reads a header; it has no messages if there is none at the address, which is the library's to explain.
  ///
  /// - Throws: ``HDF5Damage`` if its parts lie beyond the file or lead in circles.
  init(at address: UInt64, in metadata: inout HDF5Metadata) throws(HDF5Damage) {
    let prefix = metadata.beginning(at: address, upTo: 34)
    // Where the first chunk begins, how long it is, and what stands before each message.
    let start: Int, size: UInt64
    let format: Format
    if prefix.starts(with: Array("OHDR".utf8)), prefix.count > 6, prefix[4] == 2 {
      let flags = prefix[5]
      let place = 6 + (flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0)
      let bytes = 1 << Int(flags & 3)
      guard place + bytes <= prefix.count else { return }
      (start, size) = (place + bytes, Self.number(bytes, in: prefix, at: place))
      format = Format(isSecond: true, hasOrder: flags & 4 != 0)
    } else if prefix.count >= 16, prefix[0] == 1 {
      (start, size) = (16, UInt64(prefix.little(at: 8) as UInt32))
      format = Format(isSecond: false, hasOrder: false)
    } else {
      return
    }
    let first = address &+ UInt64(start)
    var chunks = [try metadata.bytes(at: first, count: size, of: "an object's header")[...]]
    var seen: Set<UInt64> = [first]
    while let chunk = chunks.popLast() {
      for message in format.messages(in: chunk) {
        messages.append(message)
        guard message.kind == Self.continuation else { continue }
        guard message.content.count >= 16 else { throw HDF5Damage("an object's header is cut short") }
        let place: UInt64 = message.content.little(at: 0)
        guard seen.insert(place).inserted else { throw HDF5Damage("an object's header leads in circles") }
        let more = try metadata.bytes(
          at: place, count: message.content.little(at: 8), of: "the rest of an object's header")
        // The second version puts a signature before messages and a checksum behind.
        chunks.append(format.isSecond ? more.dropFirst(4).dropLast(4) : more[...])
      }
    }
  }

  private static let continuation = 0x10

  /// The unsigned number of 1, 2, 4 or 8 bytes at a place.
  static func number(_ bytes: Int, in data: [UInt8], at place: Int) -> UInt64 {
    (0..<bytes).reduce(0) { $0 | UInt64(data[place + $1]) << UInt64(8 * $1) }
  }

  /// How messages follow each other.
  private struct Format {
    let isSecond: Bool
    let hasOrder: Bool

    func messages(in chunk: ArraySlice<UInt8>) -> [Message] {
      let head = isSecond ? (hasOrder ? 6 : 4) : 8, sizePlace = isSecond ? 1 : 2
      var messages: [Message] = [], position = chunk.startIndex
      while position + head <= chunk.endIndex {
        let kind = isSecond ? Int(chunk[position]) : Int(chunk[position]) | Int(chunk[position + 1]) << 8
        let size =
          Int(chunk[position + sizePlace]) | Int(chunk[position + sizePlace + 1]) << 8
        let flags = chunk[position + sizePlace + 2]
        position += head
        // The library refuses what ends beyond the chunk.
        guard size <= chunk.endIndex - position else { break }
        messages.append(
          Message(kind: kind, isShared: flags & 2 != 0, content: Array(chunk[position..<position + size])))
        position += size
      }
      return messages
    }
  }
}
