/// The 340 bytes of a readout's header: packed, little-endian, fields at their fixed offsets.
///
/// HDF5 files and streams hold the same bytes; this is the only place that knows where each field lies.
extension AcquisitionHeader {
  /// The size of the header in a file.
  static let byteCount = 340

  /// Reads the header from packed bytes of any alignment.
  ///
  /// - Precondition: At least ``byteCount`` bytes.
  init(bytes: UnsafeRawBufferPointer) {
    precondition(bytes.count >= Self.byteCount, "\(bytes.count) bytes for a header of \(Self.byteCount)")
    self.init()
    version = bytes.little(at: 0)
    flags = AcquisitionFlags(rawValue: bytes.little(at: 2))
    measurementUID = bytes.little(at: 10)
    scanCounter = bytes.little(at: 14)
    timeStamp = bytes.little(at: 18)
    physiologyTimeStamps = bytes.vector(at: 22)
    sampleCount = bytes.little(at: 34)
    availableChannels = bytes.little(at: 36)
    activeChannels = bytes.little(at: 38)
    channelMask = bytes.vector(at: 40)
    discardPre = bytes.little(at: 168)
    discardPost = bytes.little(at: 170)
    centerSample = bytes.little(at: 172)
    encodingSpace = bytes.little(at: 174)
    trajectoryDimensions = bytes.little(at: 176)
    sampleTime = bytes.float(at: 178)
    position = bytes.floats(at: 182)
    readDirection = bytes.floats(at: 194)
    phaseDirection = bytes.floats(at: 206)
    sliceDirection = bytes.floats(at: 218)
    tablePosition = bytes.floats(at: 230)
    counters.line = bytes.little(at: 242)
    counters.partition = bytes.little(at: 244)
    counters.average = bytes.little(at: 246)
    counters.slice = bytes.little(at: 248)
    counters.contrast = bytes.little(at: 250)
    counters.phase = bytes.little(at: 252)
    counters.repetition = bytes.little(at: 254)
    counters.set = bytes.little(at: 256)
    counters.segment = bytes.little(at: 258)
    counters.user = bytes.vector(at: 260)
    userIntegers = bytes.vector(at: 276)
    userFloats = bytes.floats(at: 308)
  }

  /// Writes the header as packed bytes of any alignment.
  ///
  /// - Precondition: Room for ``byteCount`` bytes.
  func write(to bytes: UnsafeMutableRawBufferPointer) {
    precondition(bytes.count >= Self.byteCount, "\(bytes.count) bytes for a header of \(Self.byteCount)")
    bytes.put(version, at: 0)
    bytes.put(flags.rawValue, at: 2)
    bytes.put(measurementUID, at: 10)
    bytes.put(scanCounter, at: 14)
    bytes.put(timeStamp, at: 18)
    bytes.put(physiologyTimeStamps, at: 22)
    bytes.put(sampleCount, at: 34)
    bytes.put(availableChannels, at: 36)
    bytes.put(activeChannels, at: 38)
    bytes.put(channelMask, at: 40)
    bytes.put(discardPre, at: 168)
    bytes.put(discardPost, at: 170)
    bytes.put(centerSample, at: 172)
    bytes.put(encodingSpace, at: 174)
    bytes.put(trajectoryDimensions, at: 176)
    bytes.put(sampleTime.bitPattern, at: 178)
    bytes.put(floats: position, at: 182)
    bytes.put(floats: readDirection, at: 194)
    bytes.put(floats: phaseDirection, at: 206)
    bytes.put(floats: sliceDirection, at: 218)
    bytes.put(floats: tablePosition, at: 230)
    bytes.put(counters.line, at: 242)
    bytes.put(counters.partition, at: 244)
    bytes.put(counters.average, at: 246)
    bytes.put(counters.slice, at: 248)
    bytes.put(counters.contrast, at: 250)
    bytes.put(counters.phase, at: 252)
    bytes.put(counters.repetition, at: 254)
    bytes.put(counters.set, at: 256)
    bytes.put(counters.segment, at: 258)
    bytes.put(counters.user, at: 260)
    bytes.put(userIntegers, at: 276)
    bytes.put(floats: userFloats, at: 308)
  }

  /// The number of complex samples of the readout, all channels together.
  var valueCount: Int { Int(activeChannels) * Int(sampleCount) }

  /// The number of trajectory coordinates of the readout.
  var trajectoryCount: Int { Int(trajectoryDimensions) * Int(sampleCount) }
}

extension UnsafeRawBufferPointer {
  /// The little-endian integer at an offset of any alignment.
  func little<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Value {
    Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  fileprivate func float(at offset: Int) -> Float { Float(bitPattern: little(at: offset)) }

  fileprivate func vector<Vector: SIMD>(at offset: Int) -> Vector
  where Vector.Scalar: FixedWidthInteger & BitwiseCopyable {
    var vector = Vector()
    for lane in vector.indices {
      vector[lane] = little(at: offset + lane * MemoryLayout<Vector.Scalar>.size)
    }
    return vector
  }

  fileprivate func floats<Vector: SIMD>(at offset: Int) -> Vector where Vector.Scalar == Float {
    var vector = Vector()
    for lane in vector.indices { vector[lane] = float(at: offset + lane * 4) }
    return vector
  }
}

extension UnsafeMutableRawBufferPointer {
  /// Stores an integer little-endian at an offset of any alignment.
  func put<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int) {
    storeBytes(of: value.littleEndian, toByteOffset: offset, as: Value.self)
  }

  fileprivate func put<Vector: SIMD>(_ vector: Vector, at offset: Int)
  where Vector.Scalar: FixedWidthInteger & BitwiseCopyable {
    for lane in vector.indices { put(vector[lane], at: offset + lane * MemoryLayout<Vector.Scalar>.size) }
  }

  fileprivate func put<Vector: SIMD>(floats vector: Vector, at offset: Int) where Vector.Scalar == Float {
    for lane in vector.indices { put(vector[lane].bitPattern, at: offset + lane * 4) }
  }
}
