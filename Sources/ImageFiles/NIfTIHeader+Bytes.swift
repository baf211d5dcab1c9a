import Files

/// The byte offsets of the header's fields.
private enum Offset {
  static let headerSize = 0, dimensions = 40, dataType = 70, bitsPerVoxel = 72, spacings = 76,
    dataOffset = 108
  static let slope = 112, intercept = 116, units = 123, displayMaximum = 124, displayMinimum = 128
  static let description = 148, qformCode = 252, sformCode = 254, quaternion = 256, qformOrigin = 268
  static let sform = 280, intentName = 328, magic = 344
}

extension NIfTIHeader {
  /// The header as bytes, in this machine's byte order, followed by four zeros: no extensions.
  var bytes: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 352)
    bytes.withUnsafeMutableBytes { target in
      func put(_ value: some BitwiseCopyable, at offset: Int) {
        target.storeBytes(of: value, toByteOffset: offset, as: type(of: value))
      }
      func put(_ values: [Double], at offset: Int) {
        for (index, value) in values.enumerated() { put(Float(value), at: offset + 4 * index) }
      }
      put(Int32(Self.size), at: Offset.headerSize)
      let extents = [dimensions.count] + dimensions + Array(repeating: 1, count: 7 - dimensions.count)
      for (index, extent) in extents.enumerated() { put(Int16(extent), at: Offset.dimensions + 2 * index) }
      put(dataType.rawValue, at: Offset.dataType)
      put(Int16(8 * dataType.bytes), at: Offset.bitsPerVoxel)
      put(spacings, at: Offset.spacings)
      put([Double(dataOffset), slope, intercept], at: Offset.dataOffset)
      put(units, at: Offset.units)
      if let range = displayRange { put([range.upperBound, range.lowerBound], at: Offset.displayMaximum) }
      for (index, byte) in description.utf8.prefix(79).enumerated() {
        put(byte, at: Offset.description + index)
      }
      for (index, byte) in intentName.utf8.prefix(15).enumerated() {
        put(byte, at: Offset.intentName + index)
      }
      put(qformCode, at: Offset.qformCode)
      put(sformCode, at: Offset.sformCode)
      put([quaternion.b, quaternion.c, quaternion.d], at: Offset.quaternion)
      put([qformOrigin.x, qformOrigin.y, qformOrigin.z], at: Offset.qformOrigin)
      put(sform.rows.flatMap(\.self), at: Offset.sform)
      for (index, byte) in "n+1".utf8.enumerated() { put(byte, at: Offset.magic + index) }
    }
    return bytes
  }

  /// Reads the header, in either byte order.
  ///
  /// - Throws: ``FileError/notNIfTI(path:reason:)``, or ``FileError/unsupported(path:feature:advice:)`` for
  ///   the format's relatives and for element types such as colours.
  /// - Precondition: There are 348 bytes.
  init(bytes: [UInt8], path: String) throws(FileError) {
    precondition(bytes.count >= Self.size, "a NIfTI-1 header has 348 bytes, not \(bytes.count)")
    func raw<T: FixedWidthInteger>(_ type: T.Type, _ offset: Int) -> T {
      bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }
    let size = raw(Int32.self, Offset.headerSize)
    let isByteSwapped = size.byteSwapped == Int32(Self.size)
    if size == 540 || size.byteSwapped == 540 {
      throw .unsupported(path: path, feature: "NIfTI-2", advice: "Convert it to NIfTI-1.")
    }
    guard size == Int32(Self.size) || isByteSwapped else {
      throw .notNIfTI(path: path, reason: "it does not start with 348, the size of the header")
    }
    let magic = String(decoding: bytes[Offset.magic..<Offset.magic + 3], as: UTF8.self)
    if magic == "ni1" {
      throw .unsupported(
        path: path, feature: "a NIfTI header without the voxels",
        advice: "Join the .hdr/.img pair to one .nii file.")
    }
    guard magic == "n+1" else { throw .notNIfTI(path: path, reason: "its mark is not \"n+1\"") }

    func integer(_ offset: Int) -> Int16 {
      let value = raw(Int16.self, offset)
      return isByteSwapped ? value.byteSwapped : value
    }
    func number(_ offset: Int) -> Double {
      let value = raw(UInt32.self, offset)
      return Double(Float(bitPattern: isByteSwapped ? value.byteSwapped : value))
    }
    func numbers(_ offset: Int, count: Int) -> [Double] { (0..<count).map { number(offset + 4 * $0) } }

    let extents = (0..<8).map { Int(integer(Offset.dimensions + 2 * $0)) }
    guard (1...7).contains(extents[0]), extents[1...extents[0]].allSatisfy({ $0 > 0 }) else {
      throw .notNIfTI(path: path, reason: "its dimensions are \(extents)")
    }
    // Counts of voxels are multiplied with sizes of all kinds of elements.
    guard let count = byteCount(of: Array(extents[1...extents[0]]), elementBytes: 1), count < 1 << 48 else {
      throw .notNIfTI(
        path: path,
        reason:
          "its dimensions \(extents[1...extents[0]].map(String.init).joined(separator: " x ")) are more than can be counted"
      )
    }
    let code = integer(Offset.dataType)
    guard let dataType = NIfTIDataType(rawValue: code) else {
      throw .unsupported(
        path: path, feature: "elements of NIfTI type \(code)", advice: "Convert them to float32 or complex64."
      )
    }
    self.init(
      dimensions: Array(extents[1...extents[0]]), dataType: dataType,
      spacings: numbers(Offset.spacings, count: 8))
    self.isByteSwapped = isByteSwapped
    // Some writers leave the offset at 0; the data then follow the header and its four extension bytes.
    dataOffset = max(352, Int(exactly: number(Offset.dataOffset).rounded()) ?? 0)
    slope = number(Offset.slope)
    intercept = number(Offset.intercept)
    let maximum = number(Offset.displayMaximum), minimum = number(Offset.displayMinimum)
    displayRange = minimum < maximum ? minimum...maximum : nil
    units = bytes[Offset.units]
    description = String(
      decoding: bytes[Offset.description..<Offset.description + 80].prefix { $0 != 0 }, as: UTF8.self)
    qformCode = integer(Offset.qformCode)
    sformCode = integer(Offset.sformCode)
    let imaginary = numbers(Offset.quaternion, count: 3)
    quaternion = Quaternion(b: imaginary[0], c: imaginary[1], d: imaginary[2])
    let origin = numbers(Offset.qformOrigin, count: 3)
    qformOrigin = [origin[0], origin[1], origin[2]]
    sform = AffineRAS(rows: (0..<3).map { numbers(Offset.sform + 16 * $0, count: 4) })
  }
}
