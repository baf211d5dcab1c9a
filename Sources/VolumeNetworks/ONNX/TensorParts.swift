/// What the fields of a tensor say, before they are known to agree.
struct TensorParts {
  var shape: [Int] = []
  var type = 0
  var floats: [Float] = []
  var integers: [Int] = []
  var raw: Range<Int>?
  var isExternal = false

  /// Why the fields are no tensor.
  struct Fault: Error {
    let reason: String
  }

  /// The types that are read, with the bytes that an element takes.
  private static let sizes = [
    1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2,
  ]
  private static let names = [
    8: "texts", 14: "complex numbers", 15: "complex numbers", 17: "8-bit floats", 18: "8-bit floats",
    19: "8-bit floats", 20: "8-bit floats", 21: "4-bit integers", 22: "4-bit integers", 23: "4-bit floats",
  ]

  /// The tensor.
  func tensor(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> ONNXTensor {
    if isExternal { throw Fault(reason: "keeps its numbers in another file, which is not read") }
    guard let size = Self.sizes[type] else {
      throw Fault(reason: "holds \(Self.names[type] ?? "elements of type \(type)") where numbers are needed")
    }
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else { throw Fault(reason: "has the shape \(shape)") }
      count = product
    }
    let isFloat = [1, 10, 11, 16].contains(type)
    guard let raw else {
      // Halves are kept as the bits of integers.
      let values = isFloat && floats.isEmpty ? integers.map { half(UInt16(truncatingIfNeeded: $0)) } : floats
      let found = isFloat ? values.count : integers.count
      guard found == count else { throw Fault(reason: "of shape \(shape) holds \(found) numbers") }
      return isFloat ? try checked(values) : ONNXTensor(integers, shape: shape)
    }
    let (needed, overflow) = count.multipliedReportingOverflow(by: size)
    guard !overflow, needed == raw.count else {
      throw Fault(reason: "of shape \(shape) cannot take \(raw.count) bytes")
    }
    let places = stride(from: raw.lowerBound, to: raw.upperBound, by: size)
    func bits<Number: FixedWidthInteger>(_ type: Number.Type, _ at: Int) -> Number {
      Number(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: Number.self))
    }
    switch type {
    case 1: return try checked(places.map { Float(bitPattern: bits(UInt32.self, $0)) })
    case 11: return try checked(places.map { Float(Double(bitPattern: bits(UInt64.self, $0))) })
    case 10, 16: return try checked(places.map { half(bits(UInt16.self, $0)) })
    case 2, 9: return ONNXTensor(places.map { Int(bits(UInt8.self, $0)) }, shape: shape)
    case 3: return ONNXTensor(places.map { Int(bits(Int8.self, $0)) }, shape: shape)
    case 4: return ONNXTensor(places.map { Int(bits(UInt16.self, $0)) }, shape: shape)
    case 5: return ONNXTensor(places.map { Int(bits(Int16.self, $0)) }, shape: shape)
    case 6: return ONNXTensor(places.map { Int(bits(Int32.self, $0)) }, shape: shape)
    case 12: return ONNXTensor(places.map { Int(bits(UInt32.self, $0)) }, shape: shape)
    default: return ONNXTensor(places.map { Int(truncatingIfNeeded: bits(Int64.self, $0)) }, shape: shape)
    }
  }

  private func checked(_ values: [Float]) throws(Fault) -> ONNXTensor {
    guard !values.contains(where: \.isNaN) else { throw Fault(reason: "holds values that are no numbers") }
    return ONNXTensor(values, shape: shape)
  }

  /// A number of half precision, or of single precision cut to its first half.
  private func half(_ bits: UInt16) -> Float {
    if type == 16 { return Float(bitPattern: UInt32(bits) << 16) }
    let sign = UInt32(bits & 0x8000) << 16, exponent = UInt32(bits >> 10 & 31), fraction = UInt32(bits & 1023)
    switch exponent {
    case 0: return (sign == 0 ? 1 : -1) * Float(fraction) * 0x1p-24
    case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}
