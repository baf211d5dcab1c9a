/// The number formats of a safetensors file that networks are stored in.
enum ElementType: String {
  case single = "F32"
  case half = "F16"
  case brain = "BF16"
  case double = "F64"

  /// The number of bytes of an element.
  var bytes: Int {
    switch self {
    case .half, .brain: 2
    case .single: 4
    case .double: 8
    }
  }

  /// One element in single precision.
  func value(_ bytes: UnsafeRawBufferPointer, _ index: Int) -> Float {
    switch self {
    case .single:
      Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)))
    case .double:
      Float(
        Double(
          bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))))
    case .brain:
      // The upper half of a single-precision number.
      Float(
        bitPattern: UInt32(
          UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))) << 16)
    case .half:
      Self.expanded(
        half: UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)))
    }
  }

  /// IEEE 754 half precision: 1 sign bit, 5 exponent bits of bias 15, 10 fraction bits.
  private static func expanded(half: UInt16) -> Float {
    let sign: Float = half >> 15 == 0 ? 1 : -1
    let exponent = Int(half >> 10 & 31), fraction = Float(half & 1023)
    return switch exponent {
    case 0: sign * fraction * 0x1p-24
    case 31: fraction == 0 ? sign * .infinity : .nan
    default: sign * Float(sign: .plus, exponent: exponent - 15, significand: 1 + fraction * 0x1p-10)
    }
  }
}
