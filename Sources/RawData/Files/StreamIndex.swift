/// Where the messages of a stream lie.
struct StreamIndex {
  /// The XML header's text.
  private(set) var xml: String?
  /// The headers of the readouts.
  private(set) var acquisitions: [AcquisitionHeader] = []
  /// Where each readout's trajectory and samples begin [bytes].
  private(set) var offsets: [Int] = []
  /// The number of messages that hold no readouts, by their kind.
  private(set) var skipped: [String: Int] = [:]
  private let file: InputFile

  /// An index of a file that is yet to be scanned.
  init(_ file: InputFile) { self.file = file }

  /// Walks through the messages up to the closing one.
  ///
  /// What was found before an error stays.
  ///
  /// - Throws: ``RawDataError`` if the stream is cut, has an unknown message or goes on after its end.
  mutating func scan() throws(RawDataError) {
    var offset = 0
    while offset < file.size {
      let number: UInt16 = try bytes(2, at: offset, of: offset).withUnsafeBytes { $0.little(at: 0) }
      guard let message = StreamMessage(rawValue: number) else {
        throw RawDataError(
          .malformed, in: file.path,
          "the message at byte \(offset), after \(acquisitions.count) acquisitions, has the unknown number \(number)",
          remedy: "Copy the stream again; if it stays, its writer uses messages that MRD 1 does not define")
      }
      if message == .close {
        try requireEnd(at: offset + 2)
        return
      }
      offset = try read(message, bodyAt: offset + 2, messageAt: offset)
    }
    throw truncated(at: offset, "the stream ends without its closing message")
  }

  /// Takes in one message and returns where the next one begins.
  private mutating func read(
    _ message: StreamMessage, bodyAt body: Int, messageAt start: Int
  ) throws(RawDataError) -> Int {
    let fixed = try bytes(message.fixedSize, at: body, of: start)
    let rest = body + message.fixedSize
    switch message {
    case .acquisition:
      let header = fixed.withUnsafeBytes { AcquisitionHeader(bytes: $0) }
      let end = rest + 4 * header.trajectoryCount + 8 * header.valueCount
      try require(end, of: start)
      acquisitions.append(header)
      offsets.append(rest)
      return end
    case .header:
      let end = rest + length(of: fixed)
      try require(end, of: start)
      guard xml == nil else {
        throw RawDataError(
          .malformed, in: file.path, "a second XML header stands at byte \(start)",
          remedy: "Split the stream; each file holds one scan")
      }
      // Some writers count the terminating zero byte.
      xml = String(decoding: try file.bytes(at: rest, upTo: end - rest).prefix { $0 != 0 }, as: UTF8.self)
      return end
    case .configurationText, .text:
      let end = rest + length(of: fixed)
      try require(end, of: start)
      return end
    case .configurationFile, .close:
      return rest
    case .image:
      return try skip("images", try imageSize(fixed, start), from: rest, of: start)
    case .waveform:
      let (samples, channels): (UInt16, UInt16) = fixed.withUnsafeBytes {
        ($0.little(at: 28), $0.little(at: 30))
      }
      return try skip("waveforms", 4 * Int(samples) * Int(channels), from: rest, of: start)
    case .array:
      let (type, axes): (UInt16, UInt16) = fixed.withUnsafeBytes { ($0.little(at: 0), $0.little(at: 4)) }
      let extents = try bytes(8 * Int(axes), at: rest, of: start)
      let sizes =
        [elementSize(type)]
        + extents.withUnsafeBytes { bytes in
          (0..<Int(axes)).map { Int(truncatingIfNeeded: bytes.little(at: 8 * $0) as UInt64) }
        }
      return try skip("arrays", product(sizes, start), from: rest + extents.count, of: start)
    }
  }

  private func length(of fixed: [UInt8]) -> Int {
    Int(fixed.withUnsafeBytes { $0.little(at: 0) as UInt32 })
  }

  private func imageSize(_ fixed: [UInt8], _ start: Int) throws(RawDataError) -> Int {
    let sizes: [Int] = fixed.withUnsafeBytes { bytes in
      let voxels = [16, 18, 20, 34].map { Int(bytes.little(at: $0) as UInt16) }
      return [elementSize(bytes.little(at: 2))] + voxels
    }
    let attributes: UInt64 = fixed.withUnsafeBytes { $0.little(at: 198) }
    guard attributes <= file.size else { throw truncated(at: start, "an image is cut") }
    let (sum, overflows) = try product(sizes, start).addingReportingOverflow(Int(attributes))
    guard !overflows else { throw truncated(at: start, "the image message there is longer than the file") }
    return sum
  }

  /// The bytes of one number of an MRD data type; zero for an unknown one.
  private func elementSize(_ type: UInt16) -> Int {
    let sizes = [0, 2, 2, 4, 4, 4, 8, 8, 16]
    return Int(type) < sizes.count ? sizes[Int(type)] : 0
  }

  private func product(_ sizes: [Int], _ start: Int) throws(RawDataError) -> Int {
    guard sizes[0] > 0 else {
      throw RawDataError(
        .malformed, in: file.path, "the message at byte \(start) has an unknown type of numbers",
        remedy: "Copy the stream again")
    }
    var product = 1
    for size in sizes {
      let (next, overflow) = product.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow else { throw truncated(at: start, "a message is longer than the file") }
      product = next
    }
    return product
  }

  private mutating func skip(
    _ kind: String, _ size: Int, from rest: Int, of start: Int
  ) throws(RawDataError) -> Int {
    guard size <= file.size - rest else { throw truncated(at: start, "the message there is cut") }
    skipped[kind, default: 0] += 1
    return rest + size
  }

  private func bytes(_ count: Int, at offset: Int, of start: Int) throws(RawDataError) -> [UInt8] {
    try require(offset + count, of: start)
    return try file.bytes(at: offset, upTo: count)
  }

  private func require(_ end: Int, of start: Int) throws(RawDataError) {
    guard end <= file.size else { throw truncated(at: start, "the message that begins there is cut") }
  }

  private func requireEnd(at offset: Int) throws(RawDataError) {
    guard offset < file.size else { return }
    throw RawDataError(
      .malformed, in: file.path, "\(file.size - offset) bytes follow the end of the stream at byte \(offset)",
      remedy: "Split the file; each file holds one scan")
  }

  private func truncated(at offset: Int, _ what: String) -> RawDataError {
    RawDataError(
      .truncated, in: file.path,
      "the stream was cut after \(acquisitions.count) acquisitions: at byte \(offset) of \(file.size), \(what)",
      remedy: "Copy the stream again in whole, or use what is there with `acceptsTruncation`")
  }
}
