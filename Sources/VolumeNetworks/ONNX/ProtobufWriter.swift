import Foundation

/// A message in the wire format of protocol buffers; see ``ProtobufReader``.
struct ProtobufWriter {
  private(set) var data = Data()

  mutating func append(_ number: Int, _ value: Int) {
    appendVarint(UInt64(number) << 3)
    appendVarint(UInt64(bitPattern: Int64(value)))
  }

  mutating func append(_ number: Int, _ value: Float) {
    appendVarint(UInt64(number) << 3 | 5)
    withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
  }

  mutating func append(_ number: Int, _ text: String) { append(number, Data(text.utf8)) }

  mutating func append(_ number: Int, _ message: ProtobufWriter) { append(number, message.data) }

  mutating func append(_ number: Int, _ bytes: Data) {
    appendVarint(UInt64(number) << 3 | 2)
    appendVarint(UInt64(bytes.count))
    data.append(bytes)
  }

  private mutating func appendVarint(_ value: UInt64) {
    var rest = value
    while rest > 127 {
      data.append(UInt8(rest & 127 | 128))
      rest >>= 7
    }
    data.append(UInt8(rest))
  }
}
