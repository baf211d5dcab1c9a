/// What an element of a table is, as an HDF5 datatype message says it.
///
/// libhdf5 1.10 divides by the sizes of the types within a type, and follows names and members beyond the message.
///
/// - SeeAlso: HDF5 File Format Specification 3.0, section IV.A.2.d "The Datatype Message".
struct HDF5Datatype {
  /// Where the type ends in its message; `nil` if what follows it is the library's to explain.
  private let end: Int?

  private static let deepest = 32
  private static let mostAxes = 32

  /// Reads a type and those within it.
  ///
  /// - Throws: ``HDF5Damage`` if one of them has no size, lies beyond the message, or has more axes or levels than there are.
  @discardableResult
  init(_ content: [UInt8], at start: Int = 0, depth: Int = 0) throws(HDF5Damage) {
    guard depth < Self.deepest else {
      throw HDF5Damage("a column of a table has types within types without end")
    }
    guard start + 8 <= content.count else { throw Self.isCut }
    let version = content[start] >> 4, kind = content[start] & 15
    let bits = Int(content.little(at: start + 1) as UInt16), size: UInt32 = content.little(at: start + 4)
    guard size > 0 else { throw HDF5Damage("a column of a table takes no bytes") }
    let body = start + 8
    let last: Int?
    switch kind {
    case 0, 4: last = body + 4
    case 1: last = body + 12
    case 2: last = body + 2
    case 3, 7: last = body
    case 5: last = body + bits & 0xff
    case 6: last = try Self.end(ofMembers: bits, in: content, at: body, version, size, depth)
    case 8:
      // Its values follow; nothing but an array's element or a member lies behind an enumeration.
      let base = try HDF5Datatype(content, at: body, depth: depth + 1)
      last = try base.end.map { (end) throws(HDF5Damage) in
        try Self.end(ofNames: bits, in: content, at: end, version) + bits * Int(size)
      }
    case 9: last = try HDF5Datatype(content, at: body, depth: depth + 1).end
    case 10:
      guard body < content.count else { throw Self.isCut }
      let rank = Int(content[body])
      guard rank <= Self.mostAxes else { throw HDF5Damage("a column of a table has arrays of \(rank) axes") }
      let element = body + (version < 3 ? 4 + 8 * rank : 1 + 4 * rank)
      last = try HDF5Datatype(content, at: element, depth: depth + 1).end
    default: last = nil
    }
    guard last ?? 0 <= content.count else { throw Self.isCut }
    end = last
  }

  private static let isCut = HDF5Damage("the type of a table's column is cut short")

  private static func end(
    ofMembers count: Int, in content: [UInt8], at start: Int, _ version: UInt8, _ size: UInt32, _ depth: Int
  ) throws(HDF5Damage) -> Int? {
    // How many bytes tell where a member begins.
    let width = version < 3 ? 4 : (4 - size.leadingZeroBitCount / 8)
    var position = start
    for _ in 0..<count {
      let place = try end(ofNames: 1, in: content, at: position, version) + width
      if version == 1 {
        // How many axes a member has, of the four that follow.
        guard place < content.count else { throw isCut }
        guard content[place] <= 4 else {
          throw HDF5Damage("a column of a table has \(content[place]) axes")
        }
      }
      let type = place + (version == 1 ? 28 : 0)
      guard let next = try HDF5Datatype(content, at: type, depth: depth + 1).end else { return nil }
      position = next
    }
    return position
  }

  /// Where names end; each is padded to eight bytes before version 3.
  private static func end(
    ofNames count: Int, in content: [UInt8], at start: Int, _ version: UInt8
  ) throws(HDF5Damage) -> Int {
    var position = start
    for _ in 0..<count {
      guard position < content.count, let zero = content[position...].firstIndex(of: 0) else {
        throw HDF5Damage("the name of a table's column does not end")
      }
      position = version < 3 ? position + (zero - position + 8) / 8 * 8 : zero + 1
    }
    return position
  }
}
