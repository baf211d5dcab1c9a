/// The fields of a message in the wire format of protocol buffers.
///
/// ```
/// message: field, field, ...        field: key = number << 3 | kind, value
/// kind 0: varint      1: 8 bytes      2: length (varint), bytes      5: 4 bytes
/// ```
///
/// Every length is checked against the bytes that are there.
struct ProtobufReader {
  /// The value of a field.
  enum Value {
    case varint(UInt64)
    case fixed64(UInt64)
    case fixed32(UInt32)
    /// Where the bytes of a text, a message or packed numbers are.
    case bytes(Range<Int>)
  }

  /// Why bytes are no message.
  struct Fault: Error {
    let reason: String
  }

  private let bytes: UnsafeRawBufferPointer
  private var position: Int
  private let end: Int

  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    precondition(range.upperBound <= bytes.count, "a message beyond the end of the file")
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// The next field; `nil` at the end.
  mutating func next() throws(Fault) -> (number: Int, value: Value)? {
    guard position < end else { return nil }
    let start = position, key = try varint()
    guard key >> 3 > 0, key >> 3 < 1 << 29 else {
      throw Fault(reason: "byte \(start) begins no field")
    }
    let number = Int(key >> 3)
    switch key & 7 {
    case 0: return (number, .varint(try varint()))
    case 1: return (number, .fixed64(try fixed(UInt64.self)))
    case 2:
      let length = try varint()
      guard length <= UInt64(end - position) else {
        throw Fault(
          reason: "the field at byte \(start) would take \(length) bytes, and \(end - position) are left")
      }
      let first = position
      position += Int(length)
      return (number, .bytes(first..<position))
    case 5: return (number, .fixed32(try fixed(UInt32.self)))
    default: throw Fault(reason: "byte \(start) begins a field of unknown kind")
    }
  }

  /// The next number of a packed list; `nil` at the end.
  mutating func nextVarint() throws(Fault) -> UInt64? { position < end ? try varint() : nil }

  private mutating func varint() throws(Fault) -> UInt64 {
    var result: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard position < end else { throw Fault(reason: "it ends within a number, at byte \(position)") }
      let byte = bytes[position]
      position += 1
      result |= shift < 64 ? UInt64(byte & 127) << UInt64(shift) : 0
      if byte < 128 { return result }
    }
    throw Fault(reason: "the number before byte \(position) does not end")
  }

  private mutating func fixed<Number: FixedWidthInteger>(_ type: Number.Type) throws(Fault) -> Number {
    let size = MemoryLayout<Number>.size
    guard end - position >= size else {
      throw Fault(reason: "it ends within a number, at byte \(position)")
    }
    defer { position += size }
    return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Number.self))
  }
}
