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
    let extents = try bytes(message.extentSize(fixed), at: body + fixed.count, of: start)
    let rest = body + fixed.count + extents.count
    let size: Int
    do throws(StreamMessageFault) {
      size = try message.restSize(fixed, extents: extents)
    } catch {
      switch error {
      case .tooLong: throw truncated(at: start, "the message there is longer than the file")
      case .unknownType:
        throw RawDataError(
          .malformed, in: file.path, "the message at byte \(start) has an unknown type of numbers",
          remedy: "Copy the stream again")
      }
    }
    // Written so that no sum overflows, however long the message says that it is.
    guard size <= file.size - rest else { throw truncated(at: start, "the message that begins there is cut") }
    switch message {
    case .acquisition:
      acquisitions.append(fixed.withUnsafeBytes { AcquisitionHeader(bytes: $0) })
      offsets.append(rest)
    case .header:
      guard xml == nil else {
        throw RawDataError(
          .malformed, in: file.path, "a second XML header stands at byte \(start)",
          remedy: "Split the stream; each file holds one scan")
      }
      // Some writers count the terminating zero byte.
      xml = String(decoding: try file.bytes(at: rest, upTo: size).prefix { $0 != 0 }, as: UTF8.self)
    case .configurationFile, .configurationText, .text, .close: break
    case .image: skipped["images", default: 0] += 1
    case .waveform: skipped["waveforms", default: 0] += 1
    case .array: skipped["arrays", default: 0] += 1
    }
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
