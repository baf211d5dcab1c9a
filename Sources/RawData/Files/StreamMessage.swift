/// The messages of an MRD stream: a 16-bit number, then a body; no length, no way to find the next one otherwise.
enum StreamMessage: UInt16 {
  /// The name of a configuration, 1024 bytes.
  case configurationFile = 1
  /// A configuration's text, after its length in 32 bits.
  case configurationText = 2
  /// The XML header, after its length in 32 bits.
  case header = 3
  /// The end.
  case close = 4
  /// A remark, after its length in 32 bits.
  case text = 5
  /// A readout: 340 bytes of header, the trajectory, the samples.
  case acquisition = 1008
  /// An image: 198 bytes of header, the attributes after their length in 64 bits, the voxels.
  case image = 1022
  /// A waveform: 40 bytes of header, 32-bit samples.
  case waveform = 1026
  /// An array of numbers.
  case array = 1030

  /// The bytes of a body after which its size is known.
  var fixedSize: Int {
    switch self {
    case .configurationFile: 1024
    case .configurationText, .header, .text: 4
    case .close: 0
    case .acquisition: AcquisitionHeader.byteCount
    case .image: 198 + 8
    case .waveform: 40
    case .array: 6
    }
  }
}

/// Why the size of a message cannot be told.
enum StreamMessageFault: Error {
  /// Its numbers are of a type that MRD does not define.
  case unknownType
  /// It is larger than any file.
  case tooLong
}

extension StreamMessage {
  /// The bytes between the fixed part and the rest that tell the extents of an array.
  func extentSize(_ fixed: [UInt8]) -> Int {
    self == .array ? 8 * Int(fixed.withUnsafeBytes { $0.little(at: 4) as UInt16 }) : 0
  }

  /// The bytes of a body after its fixed part and its extents.
  ///
  /// - Parameters:
  ///   - fixed: The first ``fixedSize`` bytes.
  ///   - extents: The next ``extentSize(_:)`` bytes.
  func restSize(_ fixed: [UInt8], extents: [UInt8]) throws(StreamMessageFault) -> Int {
    switch self {
    case .configurationFile, .close: return 0
    case .configurationText, .header, .text: return Int(fixed.withUnsafeBytes { $0.little(at: 0) as UInt32 })
    case .acquisition:
      let header = fixed.withUnsafeBytes { AcquisitionHeader(bytes: $0) }
      return 4 * header.trajectoryCount + 8 * header.valueCount
    case .image:
      let attributes: UInt64 = fixed.withUnsafeBytes { $0.little(at: 198) }
      guard let attributes = Int(exactly: attributes) else { throw .tooLong }
      let voxels = [16, 18, 20, 34].map { offset in
        Int(fixed.withUnsafeBytes { $0.little(at: offset) as UInt16 })
      }
      let size = try Self.product(of: voxels, type: fixed.withUnsafeBytes { $0.little(at: 2) })
      let (sum, overflows) = size.addingReportingOverflow(attributes)
      guard !overflows else { throw .tooLong }
      return sum
    case .waveform:
      let (samples, channels): (UInt16, UInt16) = fixed.withUnsafeBytes {
        ($0.little(at: 28), $0.little(at: 30))
      }
      return 4 * Int(samples) * Int(channels)
    case .array:
      let sizes = extents.withUnsafeBytes { bytes in
        stride(from: 0, to: bytes.count, by: 8).map {
          Int(truncatingIfNeeded: bytes.little(at: $0) as UInt64)
        }
      }
      return try Self.product(of: sizes, type: fixed.withUnsafeBytes { $0.little(at: 0) })
    }
  }

  /// The bytes of an array of numbers of an MRD data type.
  private static func product(of sizes: [Int], type: UInt16) throws(StreamMessageFault) -> Int {
    let bytes = [0, 2, 2, 4, 4, 4, 8, 8, 16]
    guard Int(type) < bytes.count, type > 0 else { throw .unknownType }
    var product = bytes[Int(type)]
    for size in sizes {
      let (next, overflows) = product.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflows else { throw .tooLong }
      product = next
    }
    return product
  }
}
